/* Bech32 (BIP-173) for whole bytes, as age writes its keys. The checksum finds up to four wrong
 * characters, which is why a recovery key can be typed from paper. */
#ifndef LN_BECH32_H
#define LN_BECH32_H

#include "crypto/base/buf.h"

#define LN_BECH32_MAX 90 /* BIP-173: a longer text has a weaker checksum */

/* Appends `hrp`, '1', data, checksum, in the case of `hrp` (which is all one case). At most
 * LN_BECH32_MAX characters (asserted). */
void ln_bech32_write(struct ln_buf *out, const char *hrp, const void *data, size_t len);
/* Reads exactly `len` bytes. False: wrong checksum, other prefix, other case than `hrp`, other
 * length, spare bits set. */
bool ln_bech32_read(void *out, size_t len, const char *hrp, struct ln_span text) LN_MUST;

#endif
