/* SSH signatures as `ssh-keygen -Y sign` makes them (OpenSSH PROTOCOL.sshsig), Ed25519 with SHA-512
 * only. */
#ifndef LN_SSHSIG_H
#define LN_SSHSIG_H

#include "crypto/key.h"

#define LN_SSHSIG_MAX 512 /* an armoured Ed25519 signature takes about 300 bytes */

/* Appends the armoured signature, ended by a newline. */
void ln_sshsig_sign(struct ln_buf *out, const char *space, const void *data, size_t len,
                    const struct ln_seckey *key);
/* True when `sig` is a good signature over data in namespace `space`; `by` is then the key that
 * made it. The caller decides whether that key may. LN_INVALID not a signature of this kind;
 * LN_DENIED does not verify. */
bool ln_sshsig_verify(struct ln_pubkey *by, const char *space, const void *data, size_t len,
                      const char *sig, size_t sig_len, struct ln_err *err) LN_MUST;

#endif
