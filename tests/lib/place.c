/* A node for tests of the application: see place.h. */
#include "tests/lib/place.h"

#include <stdio.h>
#include <string.h>

#include "sync/volume.h"
#include "tests/lib/job.h"

static const struct ln_user SYSTEM = { .system = true };

void place_open_as(struct place *p, const char *region, enum ln_role role)
{
    struct ln_node_new want = { .region = region, .name = "翠苑", .role = role, .root = true };
    struct ln_buf recovery = ln_buf_secret(4096);
    char id[LN_NODE_ID_MAX];
    struct ln_err err = { 0 };

    MUST(ln_volume_start(&err)); /* a slow test sees the export between jobs */
    test_mkdir(p->dir);
    (void)snprintf(p->node, sizeof p->node, "%s/n", p->dir);
    MUST(ln_node_init(p->node, &want, &recovery, id, &err));
    MUST(ln_node_open(&p->n, p->node, &err));
    ln_buf_free(&recovery);
}

void place_open(struct place *p)
{
    place_open_as(p, "330106005055", LN_ROLE_COMMUNITY);
}

void place_close(struct place *p)
{
    ln_node_close(p->n);
    test_rmdir(p->dir);
    ln_volume_stop();
}

int64_t place_now(struct place *p)
{
    return p->n->env.now_ms(p->n->env.ctx);
}

/* ---- by the node itself */

struct doing {
    struct place *p;
    place_fn *fn;
    void *arg;
    int64_t now_ms;
};

static bool run_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct doing *d = arg;
    char today[11];
    struct ln_special_call x = { .e = &d->p->n->engine,
                                 .r = r,
                                 .u = &SYSTEM,
                                 .channel = "",
                                 .today = today,
                                 .now_ms = d->now_ms };

    ln_engine_today(today, d->now_ms);
    return d->fn(&x, d->arg, err);
}

bool place_run(struct place *p, place_fn *fn, void *arg, int64_t later_ms, struct ln_err *err)
{
    struct doing d = { p, fn, arg, place_now(p) + later_ms };

    return ln_queue_write(p->n->queue, run_job, &d, err);
}

struct record {
    char id[LN_ID_TEXT + 1];
    const char *collection;
    json_t *f;
};

static bool add_fn(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    struct record *r = arg;

    return ln_special_add(r->id, x, r->collection, r->f, err);
}

static bool set_fn(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    struct record *r = arg;

    return ln_special_set(x, r->collection, r->id, r->f, err);
}

void place_add(char id[LN_ID_TEXT + 1], struct place *p, const char *collection, json_t *f)
{
    struct record r = { .collection = collection, .f = f };
    struct ln_err err = { 0 };

    assert_non_null(f);
    MUST(place_run(p, add_fn, &r, 0, &err));
    if (id != NULL)
        (void)snprintf(id, LN_ID_TEXT + 1, "%s", r.id);
}

void place_set(struct place *p, const char *collection, const char *id, json_t *f)
{
    struct record r = { .collection = collection, .f = f };
    struct ln_err err = { 0 };

    assert_non_null(f);
    (void)snprintf(r.id, sizeof r.id, "%s", id);
    MUST(place_run(p, set_fn, &r, 0, &err));
}

json_t *place_get(struct place *p, const char *collection, const char *id)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    json_t *row = NULL;
    struct ln_id what;

    assert_true(ln_clock_id_read(&what, ln_span_of(id)));
    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_query_record(&row, r->store, &what, &err));
    ln_node_read_done(p->n, r);
    if (row != NULL && strcmp(ln_special_word(row, "collection"), collection) != 0) {
        json_decref(row);
        row = NULL;
    }
    return row;
}

const char *place_text(struct place *p, const char *collection, const char *id, const char *field)
{
    static char out[1024];
    json_t *row = place_get(p, collection, id);

    (void)snprintf(out, sizeof out, "%s",
                   strcmp(field, "state") == 0 ? ln_special_word(row, "state")
                                               : ln_special_text(row, field));
    json_decref(row);
    return out;
}

json_t *place_list(struct place *p, const struct ln_list *l, int64_t *total)
{
    struct ln_node_reader *r;
    struct ln_err err = { 0 };
    json_t *rows = json_array();

    MUST(ln_node_read(p->n, &r, &err));
    MUST(ln_query_list(rows, total, r->store, l, &err));
    ln_node_read_done(p->n, r);
    return rows;
}

size_t place_count(struct place *p, const char *collection)
{
    struct ln_list l = { .coll = ln_def_find(p->n->def, collection)->coll,
                         .limit = LN_QUERY_LIMIT };
    json_t *rows = place_list(p, &l, NULL);
    size_t n = json_array_size(rows);

    json_decref(rows);
    return n;
}

/* ---- by somebody */

void place_user(struct ln_user *u, struct place *p, const char *role, const char *home)
{
    static unsigned serial;
    char name[16];

    memset(u, 0, sizeof *u);
    (void)snprintf(name, sizeof name, "u%u", ++serial);
    (void)snprintf(u->login, sizeof u->login, "%s", name);
    place_add(u->account, p, "account",
              json_pack("{s:s,s:s,s:s}", "login", name, "shown_name", name, "level", "2"));
    (void)snprintf(u->roles[0], sizeof u->roles[0], "%s", role);
    u->n_roles = 1;
    if (home != NULL) {
        json_t *f = json_pack("{s:s,s:s}", "kind", home, "name", home);
        place_add(u->homes[0], p, "home", f);
    }
    ln_engine_name_me(u);
}

static bool save(char id[LN_ID_TEXT + 1], struct place *p, struct ln_engine_job *j,
                 const char *collection, char said[256], struct ln_err *err)
{
    job_begin(j, p->n->def, collection, "web");
    return job_end(j, ln_node_save(p->n, j, err), id, said);
}

void place_put(struct place *p, const char *collection, json_t *f)
{
    struct ln_err err = { 0 };

    MUST(place_create(NULL, p, &SYSTEM, collection, f, NULL, &err));
}

bool place_create(char id[LN_ID_TEXT + 1], struct place *p, const struct ln_user *u,
                  const char *collection, json_t *f, char said[256], struct ln_err *err)
{
    struct ln_engine_job j = { .u = u, .kind = LN_ENGINE_CREATE, .f = f };

    return save(id, p, &j, collection, said, err);
}

bool place_update(struct place *p, const struct ln_user *u, const char *collection, const char *id,
                  json_t *f, char said[256], struct ln_err *err)
{
    struct ln_engine_job j = { .u = u, .kind = LN_ENGINE_UPDATE, .id = id, .f = f };

    return save(NULL, p, &j, collection, said, err);
}

bool place_step(struct place *p, const struct ln_user *u, const char *collection, const char *id,
                const char *action, json_t *more, char said[256], struct ln_err *err)
{
    struct ln_engine_job j = { .u = u, .kind = LN_ENGINE_STEP, .id = id };

    j.f = more != NULL ? more : json_object();
    json_object_set_new(j.f, "action", json_string(action));
    return save(NULL, p, &j, collection, said, err);
}
