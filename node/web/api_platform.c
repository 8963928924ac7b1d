/* Files exchanged with a partner: the templates, a file that came, a file to be given. */
#include <stdio.h>
#include <string.h>

#include "node/platform.h"
#include "node/say.h"
#include "node/web/routes.h"

#define XLSX_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define FILE_BYTES (64 << 20)

static const char *asked(const struct ln_call *c, const char *name)
{
    const char *v = ln_http_query(c->q, name);

    return v != NULL ? v : "";
}

static struct ln_platform read(const struct ln_call *c)
{
    return (struct ln_platform){ .user = &c->user,
                                 .partner = asked(c, "partner"),
                                 .template = asked(c, "template"),
                                 .purpose = asked(c, "purpose"),
                                 .data = c->q->body,
                                 .len = c->q->body_len,
                                 .commit = ln_http_query(c->q, "commit") != NULL,
                                 .zh = c->q->zh };
}

static void becomes_file(struct ln_call *c)
{
    ln_buf_free(&c->out->body);
    c->out->body = ln_buf_new(FILE_BYTES);
}

/* GET /api/v1/exchange/templates */
bool ln_api_platform_templates(struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *log = ln_def_find(c->n->def, "exchange");

    if (log == NULL || !ln_engine_may_create(log, &c->user))
        return ln_fail(
            err, LN_DENIED,
            LN_SAY("您的身份不能与外部交换数据", "your role exchanges no data with others"));
    return ln_web_json(c, 200, json_pack("{s:o}", "items", ln_partner_list(c->n->def)));
}

/* POST /api/v1/exchange/in?partner=&template=&purpose=[&commit=1|&report=1], the file as body. */
bool ln_api_platform_in(struct ln_call *c, struct ln_err *err)
{
    struct ln_platform p = read(c);
    json_t *r = NULL;
    bool ok;

    if (p.len == 0)
        return ln_fail(err, LN_INVALID, LN_SAY("请选择文件", "a file is needed"));
    if (ln_http_query(c->q, "report") != NULL) {
        becomes_file(c);
        ok = ln_platform_report(&c->out->body, c->n, &p, err);
        c->out->content_type = ok ? XLSX_TYPE : c->out->content_type;
        (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                       "attachment; filename=\"differences.xlsx\"");
    } else
        ok = ln_platform_in(&r, c->n, &p, err) && ln_web_json(c, 200, r);
    return ok;
}

/* POST /api/v1/exchange/out?partner=&template=&purpose=&format=xlsx|csv */
bool ln_api_platform_out(struct ln_call *c, struct ln_err *err)
{
    struct ln_platform p = read(c);
    bool xlsx = strcmp(asked(c, "format"), "csv") != 0;

    becomes_file(c);
    bool ok = ln_platform_out(&c->out->body, c->n, &p, xlsx, err);
    if (!ok)
        return false;
    c->out->content_type = xlsx ? XLSX_TYPE : "text/csv";
    (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                   "attachment; filename=\"%.20s-%.20s.%s\"", p.partner, p.template,
                   xlsx ? "xlsx" : "csv");
    return true;
}
