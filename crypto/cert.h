/* Certificates: canonical JSON + SSHSIG in namespace linli-cert (DESIGN "Certificate", FORMATS). */
#ifndef LN_CERT_H
#define LN_CERT_H

#include "crypto/key.h"

#define LN_CERT_MAX 4096
#define LN_CERT_COLLECTIONS 64
#define LN_REGION_LEN 12
#define LN_CERT_NAME_MAX 200

enum ln_role {
    LN_ROLE_PROVINCE,
    LN_ROLE_CITY,
    LN_ROLE_DISTRICT,
    LN_ROLE_SUBDISTRICT,
    LN_ROLE_COMMUNITY,
    LN_ROLE_LAPTOP
};

struct ln_cert {
    unsigned suite; /* 1 = Ed25519, X25519, SHA-256 */
    char node[LN_NODE_ID_MAX];
    char region[LN_REGION_LEN + 1];
    enum ln_role role;
    char parent[LN_NODE_ID_MAX]; /* "" for the root */
    char issuer[LN_NODE_ID_MAX];
    char continues[LN_NODE_ID_MAX]; /* "" for a first log */
    char name[LN_CERT_NAME_MAX + 1];
    struct ln_pubkey key;
    struct ln_recipient age;
    int64_t from_s, until_s;
    bool all_collections; /* "*" */
    size_t n_collections;
    char collections[LN_CERT_COLLECTIONS][32];
    size_t n_grids; /* laptops: the grids they may write for */
    char grids[16][16];
};

const char *ln_cert_role_word(enum ln_role role);
bool ln_cert_role_read(enum ln_role *out, struct ln_span word) LN_MUST;
/* Number of leading digits of a region that are this tier's own: 2, 4, 6, 9, 12, 12. */
size_t ln_cert_role_digits(enum ln_role role);
/* True when `inner` lies in `outer` (equal counts). "330000000000" holds all that starts with 33.
 */
bool ln_cert_region_holds(const char *outer, const char *inner);

/* Writes the canonical text to be signed. */
void ln_cert_write(struct ln_buf *text, const struct ln_cert *c);
/* Reads the form only: no signature, no time. */
bool ln_cert_read(struct ln_cert *out, const char *text, size_t len, struct ln_err *err) LN_MUST;
/* Form, signature by `issuer_key`, and that the rights lie inside the issuer's own certificate
 * (NULL = the pinned root, which signs itself). Time is judged by the caller: leases count at
 * receipt time. */
bool ln_cert_check(struct ln_cert *out, const char *text, size_t len, const char *sig,
                   size_t sig_len, const struct ln_pubkey *issuer_key, const struct ln_cert *issuer,
                   struct ln_err *err) LN_MUST;
/* The same without the form, for `c` that was read from that text. */
bool ln_cert_signed(const struct ln_cert *c, const char *text, size_t len, const char *sig,
                    size_t sig_len, const struct ln_pubkey *issuer_key,
                    const struct ln_cert *issuer, struct ln_err *err) LN_MUST;

#endif
