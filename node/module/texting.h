/* Short messages as part of the modules: what one that came in means, and what is said back. The
 * spool of gammu-smsd is node/sms.h. */
#ifndef LN_TEXTING_H
#define LN_TEXTING_H

#include "node/module/special.h"

#define LN_TEXTING_ANSWER_DAYS 7 /* how long a question can be answered */
#define LN_TEXTING_HOURLY 10     /* messages of one number that lead to something, an hour */
#define LN_TEXTING_TEXT 1000     /* bytes of one that is sent */

/* Hooks of ticket and duty_item: whoever asked by SMS is answered by SMS. */
extern const struct ln_special ln_texting_special[];

/* A message came in: the node answers what it asked ("1"/"2" or a word), files a report when it
 * begins with 报, and else takes it to the desk; whatever is made has the sender's number. Written
 * once: `file` (its name in the inbox) is kept as ext_id. *again tells that it was here before. */
bool ln_texting_received(bool *again, struct ln_special_call *x, const char *phone,
                         const char *text, const char *file, struct ln_err *err) LN_MUST;
/* The text of an sms_out row as it goes over the air, `name` is the node's. */
void ln_texting_text(struct ln_buf *out, const json_t *row, const char *name);

#endif
