/* The public list of a fund, as a table that anybody can add up and check with stock tools. */
#include <stdio.h>
#include <string.h>

#include "node/module/fund.h"
#include "node/web/routes.h"

/* A party or purpose in a cell: no separator, and nothing that a spreadsheet would run. */
static void add_cell(struct ln_buf *out, const char *text)
{
    if (strchr("=+-@\t\r", text[0]) != NULL && text[0] != '\0')
        ln_buf_addc(out, '\'');
    for (; *text != '\0'; text++)
        ln_buf_addc(out, *text == ',' || *text == '"' || (unsigned char)*text < ' ' ? ' ' : *text);
}

static bool add_row(struct ln_call *c, const json_t *posting, struct ln_err *err)
{
    struct ln_buf *out = &c->out->body;
    json_t *entry = NULL;
    struct ln_id id;

    if (ln_clock_id_read(&id, ln_span_of(ln_web_text(posting, "entry"))) &&
        !ln_query_record(&entry, c->r->store, &id, err))
        return false;
    const json_t *f = json_object_get(entry, "f");
    ln_fund_line(out, posting);
    ln_buf_addf(out, ",%s,%s,", ln_web_text(posting, "hash"), ln_web_text(f, "kind"));
    add_cell(out, ln_web_text(f, "party_shown"));
    ln_buf_addc(out, ',');
    add_cell(out, ln_web_text(f, "purpose"));
    ln_buf_addc(out, '\n');
    json_decref(entry);
    return true;
}

bool ln_api_fund_list(struct ln_call *c, struct ln_err *err)
{
    json_t *rows = NULL;
    bool ok = ln_special_rows(&rows, c->r->store, c->n->def, "fund_posting", "fund", c->q->arg[0],
                              LN_FUND_POSTINGS, err);
    size_t n = json_array_size(rows);

    ln_buf_adds(
        &c->out->body,
        "no,date,direction,amount_fen,balance_fen,entry,previous,hash,kind,party,purpose\n");
    for (size_t no = 1; ok && no <= n; no++) /* ids rise with time, and so do the numbers */
        ok = add_row(c, json_array_get(rows, no - 1), err);
    json_decref(rows);
    c->out->content_type = "text/csv; charset=utf-8";
    (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                   "attachment; filename=\"fund-%.20s.csv\"", c->q->arg[0]);
    return ok;
}
