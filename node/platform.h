/* Exchanging files with a partner such as the provincial social management platform, by the
 * templates of node/module/partner.h. Records are paired by the partner's number (ext_id), or first
 * by what makes two records one (the definition's "duplicates").
 *
 * In: a difference in a field whose master is the partner is taken over; one in a field whose
 * master is the community becomes a change_request, and nothing is overwritten in silence. What
 * only the partner has is added if the template says so, else told; what only the community has is
 * told. Out: the records as the template wants them, in full: that it was given is written to
 * `audit` first. Both are rows of `exchange`. */
#ifndef LN_PLATFORM_H
#define LN_PLATFORM_H

#include "node/module/partner.h"
#include "node/node.h"

#define LN_PLATFORM_SHOWN 2000 /* rows that are told: those that differ come first */

struct ln_platform {
    const struct ln_user *user; /* who may add rows to `exchange` */
    const char *partner, *template, *purpose;
    const void *data; /* of the file that came */
    size_t len;
    bool commit;
    bool zh; /* language of headers and reasons in files */
};
/* {"counts":{"same","pair","take","ask","add","only","error"},"here","rows":[{"no","status",
 * "title","messages":[{"field","zh","en","master"?}]}],"foreign","total","taken","asked","saved"}:
 * `only` is what only the partner has, `here` how many only the community has. A second run of the
 * same file finds all the same, but for what waits for its change_request, which is not asked for
 * twice. The caller frees *out. LN_INVALID no such template, or the file lacks the partner's
 * number; LN_DENIED; LN_BUSY a spreadsheet is being saved; otherwise as ln_sheet_read. */
bool ln_platform_in(json_t **out, struct ln_node *n, const struct ln_platform *p,
                    struct ln_err *err) LN_MUST;
/* The same without saving, as a spreadsheet of all differences, one a line. */
bool ln_platform_report(struct ln_buf *xlsx, struct ln_node *n, const struct ln_platform *p,
                        struct ln_err *err) LN_MUST;
/* All records of the template, as CSV (UTF-8 with its mark) or XLSX; `data` is not used. */
bool ln_platform_out(struct ln_buf *file, struct ln_node *n, const struct ln_platform *p, bool xlsx,
                     struct ln_err *err) LN_MUST;

#endif
