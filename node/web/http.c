/* Requests and replies: see http.h. */
#include "node/web/http.h"

#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "node/store/db.h"

const char *ln_http_query(const struct ln_http_request *q, const char *name)
{
    for (size_t i = 0; i < q->n_query; i++)
        if (strcmp(q->query[i].name, name) == 0)
            return q->query[i].value;
    return NULL;
}

static const struct {
    int status;
    const char *zh, *en;
} BY_CODE[] = {
    [LN_OK] = { 500, "出错了", "Something went wrong" },
    [LN_MISSING] = { 404, "没有找到", "Not found" },
    [LN_INVALID] = { 422, "内容不符合要求，请检查后重试",
                     "The contents are not right: check and try again" },
    [LN_DENIED] = { 403, "没有权限", "Not allowed" },
    [LN_CONFLICT] = { 409, "记录已有变化，请刷新后重试",
                      "It was changed meanwhile: reload and try again" },
    [LN_BUSY] = { 503, "系统正忙，请稍后重试", "Busy: try again in a moment" },
    [LN_FULL] = { 507, "空间或数量已到上限", "A limit was reached" },
    [LN_BROKEN] = { 500, "节点发生故障，请联系管理员",
                    "The node has a fault: tell its administrator" },
};

bool ln_http_shallow(const char *json, size_t len)
{
    size_t depth = 0;
    bool text = false;

    for (size_t i = 0; i < len; i++) {
        char b = json[i];
        if (text && b == '\\')
            i++;
        else if (b == '"')
            text = !text;
        else if (!text && (b == '[' || b == '{') && ++depth > LN_HTTP_DEPTH)
            return false;
        else if (!text && (b == ']' || b == '}') && depth > 0)
            depth--;
    }
    return true;
}

void ln_http_markup(struct ln_buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char b = (unsigned char)*p;
        if (b == '&')
            ln_buf_adds(out, "&amp;");
        else if (b == '<')
            ln_buf_adds(out, "&lt;");
        else if (b == '>')
            ln_buf_adds(out, "&gt;");
        else if (b == '"')
            ln_buf_adds(out, "&quot;");
        else if (b >= 0x20 || b == '\n' || b == '\t')
            ln_buf_addc(out, *p);
    }
}

bool ln_http_problem(struct ln_http_reply *out, const struct ln_err *err, const char *word,
                     const char *zh, const char *en)
{
    const char *code = word != NULL ? word : ln_err_word(err->code);

    if (err->code == LN_FULL && zh == NULL &&
        strncmp(err->text, LN_DB_FULL, strlen(LN_DB_FULL)) == 0) {
        zh = "磁盘已满，没有保存：请联系管理员腾出空间";
        en = "The disk is full, nothing was saved: tell the administrator to make room";
    } else if (err->code == LN_FULL && out->status < 400)
        out->status = 413;
    if (out->status < 400)
        out->status = BY_CODE[err->code].status;
    zh = zh != NULL ? zh : BY_CODE[err->code].zh;
    en = en != NULL ? en : BY_CODE[err->code].en;
    out->content_type = "application/problem+json";
    if (out->status == 503 && out->retry_after_s == 0)
        out->retry_after_s = 1;
    ln_buf_clear(&out->body);
    ln_buf_adds(&out->body, "{\"code\":");
    ln_canon_add_string(&out->body, code, strlen(code));
    ln_buf_adds(&out->body, ",\"detail\":");
    ln_canon_add_string(&out->body, err->text, strlen(err->text));
    ln_buf_adds(&out->body, ",\"en\":");
    ln_canon_add_string(&out->body, en, strlen(en));
    ln_buf_addf(&out->body, ",\"status\":%d,\"title\":", out->status);
    ln_canon_add_string(&out->body, en, strlen(en));
    ln_buf_addf(&out->body, ",\"type\":\"about:linli:%s\",\"zh\":", code);
    ln_canon_add_string(&out->body, zh, strlen(zh));
    ln_buf_addc(&out->body, '}');
    return false;
}
