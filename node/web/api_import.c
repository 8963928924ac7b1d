/* Spreadsheets in: judged, saved, what was left out given back, and a whole import taken back. */
#include <stdio.h>
#include <string.h>

#include "node/import.h"
#include "node/say.h"
#include "node/undo.h"
#include "node/web/routes.h"

#define XLSX_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define REFUSED_BYTES (64 << 20)

/* ---- progress of a long request, by the key its caller gave it */

struct watch {
    struct ln_web *w;
    struct ln_web_task *task; /* NULL: nobody asked for it, or all places are taken */
};

static void watch_open(struct watch *x, struct ln_call *c)
{
    const char *key = ln_http_query(c->q, "key");

    *x = (struct watch){ .w = c->w };
    if (key == NULL || key[0] == '\0' || strlen(key) > 64)
        return;
    (void)pthread_mutex_lock(&c->w->task_mutex);
    for (size_t i = 0; i < LN_WEB_TASKS && x->task == NULL; i++)
        if (c->w->tasks[i].key[0] == '\0')
            x->task = &c->w->tasks[i];
    if (x->task != NULL) {
        *x->task = (struct ln_web_task){ .phase = "check" };
        (void)snprintf(x->task->key, sizeof x->task->key, "%s", key);
        (void)snprintf(x->task->account, sizeof x->task->account, "%s", c->user.account);
    }
    (void)pthread_mutex_unlock(&c->w->task_mutex);
}

static void watch_close(struct watch *x)
{
    if (x->task == NULL)
        return;
    (void)pthread_mutex_lock(&x->w->task_mutex);
    x->task->key[0] = '\0';
    (void)pthread_mutex_unlock(&x->w->task_mutex);
}

static void watch_tell(void *ctx, const char *phase, size_t done, size_t total)
{
    struct watch *x = ctx;

    if (x->task == NULL)
        return;
    (void)pthread_mutex_lock(&x->w->task_mutex);
    (void)snprintf(x->task->phase, sizeof x->task->phase, "%s", phase);
    x->task->done = done;
    x->task->total = total;
    (void)pthread_mutex_unlock(&x->w->task_mutex);
}

/* GET /api/v1/import?key=: how far it is; 404 when it is done, or was never begun. */
bool ln_api_import_progress(struct ln_call *c, struct ln_err *err)
{
    const char *key = ln_http_query(c->q, "key");
    json_t *o = NULL;

    (void)pthread_mutex_lock(&c->w->task_mutex);
    for (size_t i = 0; key != NULL && key[0] != '\0' && c->known && i < LN_WEB_TASKS; i++) {
        const struct ln_web_task *t = &c->w->tasks[i];
        if (strcmp(t->key, key) == 0 && strcmp(t->account, c->user.account) == 0)
            o = json_pack("{s:s,s:I,s:I}", "phase", t->phase, "done", (json_int_t)t->done, "total",
                          (json_int_t)t->total);
    }
    (void)pthread_mutex_unlock(&c->w->task_mutex);
    return o != NULL
               ? ln_web_json(c, 200, o)
               : ln_fail(err, LN_MISSING, LN_SAY("没有正在进行的导入", "nothing runs under it"));
}

/* ---- in */

static bool refused(struct ln_call *c, const struct ln_import *i, struct ln_err *err)
{
    ln_buf_free(&c->out->body);
    c->out->body = ln_buf_new(REFUSED_BYTES);
    if (!ln_import_refused(&c->out->body, c->n, i, c->q->zh, err))
        return false;
    c->out->content_type = XLSX_TYPE;
    (void)snprintf(c->out->disposition, sizeof c->out->disposition,
                   "attachment; filename=\"%s-refused.xlsx\"", i->coll->name);
    return true;
}

/* POST /api/v1/import?collection=&file=&keep=&key=[&commit=1|&refused=1], the file as body. */
bool ln_api_import_run(struct ln_call *c, struct ln_err *err)
{
    const char *name = ln_http_query(c->q, "collection");
    const char *keep = ln_http_query(c->q, "keep");
    const char *file = ln_http_query(c->q, "file");
    struct watch watch;
    struct ln_import i = { .user = &c->user,
                           .coll = name != NULL ? ln_def_find(c->n->def, name) : NULL,
                           .data = c->q->body,
                           .len = c->q->body_len,
                           .commit = ln_http_query(c->q, "commit") != NULL,
                           .keep = keep != NULL ? keep : "",
                           .file = file != NULL && strlen(file) <= 200 ? file : "",
                           .progress = watch_tell,
                           .ctx = &watch };
    json_t *r = NULL;

    if (i.coll == NULL || i.len == 0)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("请选择要导入的内容和文件", "a collection and a file are needed"));
    watch_open(&watch, c);
    bool ok = ln_http_query(c->q, "refused") != NULL
                  ? refused(c, &i, err)
                  : ln_import_run(&r, c->n, &i, err) && ln_web_json(c, 200, r);
    watch_close(&watch);
    return ok;
}

/* POST /api/v1/import/<run>/undo[?key=] */
bool ln_api_import_undo(struct ln_call *c, struct ln_err *err)
{
    struct watch watch;
    struct ln_undo u = {
        .user = &c->user, .run = c->q->arg[0], .progress = watch_tell, .ctx = &watch
    };
    json_t *r = NULL;

    if (!c->known)
        return ln_fail(err, LN_DENIED, LN_SAY("请先登录", "log in first"));
    watch_open(&watch, c);
    bool ok = ln_undo_run(&r, c->n, &u, err) && ln_web_json(c, 200, r);
    watch_close(&watch);
    return ok;
}
