/* Audiences and their epochs (DESIGN "Audience"). "public", "<region>/<12 digits>", "<region>/c",
 * "<region>/g<grid>", "<region>/@<node>". */
#ifndef LN_AUDIENCE_H
#define LN_AUDIENCE_H

#include "crypto/cert.h"
#include "sync/env.h"

#define LN_AUDIENCE_MAX 48
#define LN_EPOCH_LABEL_MAX 24

struct ln_audience {
    char owner[LN_REGION_LEN + 1]; /* "" for public */
    enum { LN_AUD_PUBLIC, LN_AUD_UP, LN_AUD_C, LN_AUD_GRID, LN_AUD_NODE } kind;
    char who[LN_NODE_ID_MAX]; /* upper region, grid, or node */
};
bool ln_audience_read(struct ln_audience *out, struct ln_span name) LN_MUST;
/* Audience name for a MODULES code ('P','V','D','C') of a record in `region`; grid or node may be
 * "". V and D name the region's province and district. */
void ln_audience_name(char out[LN_AUDIENCE_MAX], char code, const char *region, const char *grid,
                      const char *node);
/* Whether a node of this certificate is a member (from certificate alone: pure). */
bool ln_audience_member(const struct ln_audience *a, const struct ln_cert *c);

struct ln_epoch {
    char audience[LN_AUDIENCE_MAX];
    char label[LN_EPOCH_LABEL_MAX]; /* "2026-11.1" */
    struct ln_ident secret;         /* zero when we are no member */
    struct ln_recipient recipient;  /* what files are sealed to */
    char file_name[24]; /* first 16 hex of BLAKE2b-128(key = secret, "linli file name") and ".age";
                           "" when no member */
};
void ln_audience_mint(struct ln_epoch *out, const char *audience, const char *label,
                      const struct ln_env *env);
void ln_audience_file_name(char out[24], const struct ln_ident *secret);
/* The `f` object of the public line epoch@1:
 * {"audience","label","recipient","wraps":[{"age":base64,"to":node id or "recovery"}]} */
bool ln_audience_epoch_write(struct ln_buf *f, const struct ln_epoch *e,
                             const char *const *member_ids, const struct ln_recipient *members,
                             size_t n, struct ln_err *err) LN_MUST;
/* Finds our wrap and opens it; *mine false when we are no member. */
bool ln_audience_epoch_read(struct ln_epoch *out, bool *mine, struct ln_span f, const char *my_id,
                            const struct ln_ident *my_key, struct ln_err *err) LN_MUST;

#endif
