/* Four nodes of one tree: see four.h. */
#include "tests/lib/four.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/job.h"

static const struct ln_user NODE = { .system = true };

struct ln_engine four_engine(struct four *t, struct peer *p)
{
    return (struct ln_engine){
        .def = t->def, .writer = p->store, .env = &p->env, .special = ln_specials
    };
}

void four_round(struct four *t)
{
    struct peer *const all[] = { &t->one, &t->two, &t->street, &t->dist };

    for (int round = 0; round < 10; round++)
        for (size_t i = 0; i < 4; i++) {
            struct ln_engine e = four_engine(t, all[i]);
            struct ln_exchange_report report = { 0 };
            t->clock += 1000;
            ln_special_tick(&e, all[i]->r);
            if (all[i]->up != NULL)
                peer_sync(all[i], &report);
            else
                peer_seal(all[i]);
            if (t->seen != NULL)
                t->seen(t, t->ctx);
        }
}

void four_new(struct four *t)
{
    struct ln_err err = { 0 };
    struct peer *const all[] = { &t->dist, &t->street, &t->one, &t->two };

    memset(t, 0, sizeof *t);
    t->clock = INT64_C(1795392000000);
    MUST(ln_def_open(&t->def, &err));
    peer_new(&t->dist, &t->clock, NULL, FOUR_DIST, LN_ROLE_DISTRICT, "");
    peer_new(&t->street, &t->clock, &t->dist, FOUR_STREET, LN_ROLE_SUBDISTRICT, "");
    peer_new(&t->one, &t->clock, &t->street, FOUR_ONE, LN_ROLE_COMMUNITY, "");
    peer_new(&t->two, &t->clock, &t->street, FOUR_TWO, LN_ROLE_COMMUNITY, "");
    for (size_t i = 0; i < 4; i++)
        peer_reopen(all[i], &t->def->schema);
    four_round(t);
}

void four_end(struct four *t)
{
    peer_end(&t->two);
    peer_end(&t->one);
    peer_end(&t->street);
    peer_end(&t->dist);
    ln_def_close(t->def);
}

/* ---- writing */

struct doing {
    struct four *t;
    struct peer *p;
    four_fn *fn;
    void *arg;
};

static bool run_job(void *arg, struct ln_replica *r, struct ln_err *err)
{
    struct doing *d = arg;
    struct ln_engine e = four_engine(d->t, d->p);
    char today[11];
    struct ln_special_call x = {
        .e = &e, .r = r, .u = &NODE, .channel = "", .today = today, .now_ms = d->t->clock
    };

    ln_engine_today(today, d->t->clock);
    return d->fn(&x, d->arg, err);
}

bool four_run(struct four *t, struct peer *p, four_fn *fn, void *arg, struct ln_err *err)
{
    struct doing d = { t, p, fn, arg };

    return peer_write(p, run_job, &d, err);
}

struct adding {
    const char *collection;
    json_t *f;
    char id[LN_ID_TEXT + 1];
};

static bool add_fn(struct ln_special_call *x, void *arg, struct ln_err *err)
{
    struct adding *a = arg;

    return ln_special_add(a->id, x, a->collection, a->f, err);
}

void four_add(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *collection,
              json_t *f)
{
    struct adding a = { .collection = collection, .f = f };
    struct ln_err err = { 0 };

    assert_non_null(f);
    MUST(four_run(t, p, add_fn, &a, &err));
    if (id != NULL)
        (void)snprintf(id, LN_ID_TEXT + 1, "%s", a.id);
}

bool four_save(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *role,
               struct ln_engine_job *j, const char *collection, char said[256], struct ln_err *err)
{
    struct ln_engine e = four_engine(t, p);
    struct ln_user u = { .n_roles = 1 };

    (void)snprintf(u.roles[0], sizeof u.roles[0], "%s", role);
    ln_engine_name_me(&u);
    j->e = &e;
    j->u = &u;
    job_begin(j, t->def, collection, "counter");
    return job_end(j, peer_write(p, ln_engine_run, j, err), id, said);
}

bool four_create(char id[LN_ID_TEXT + 1], struct four *t, struct peer *p, const char *role,
                 const char *collection, json_t *f, char said[256], struct ln_err *err)
{
    struct ln_engine_job j = { .kind = LN_ENGINE_CREATE, .f = f };

    return four_save(id, t, p, role, &j, collection, said, err);
}

bool four_step(struct four *t, struct peer *p, const char *role, const char *collection,
               const char *id, const char *action, json_t *more, char said[256], struct ln_err *err)
{
    struct ln_engine_job j = { .kind = LN_ENGINE_STEP, .id = id };

    j.f = more != NULL ? more : json_object();
    json_object_set_new(j.f, "action", json_string(action));
    return four_save(NULL, t, p, role, &j, collection, said, err);
}

/* ---- reading */

json_t *four_rows(struct four *t, struct peer *p, const char *collection, const char *field,
                  const char *value)
{
    const struct ln_where where[] = { { field, LN_WHERE_IS, value } };
    struct ln_list l = { .coll = ln_def_find(t->def, collection)->coll,
                         .where = where,
                         .n = field != NULL,
                         .limit = LN_QUERY_LIMIT };
    struct ln_err err = { 0 };
    json_t *rows = json_array();

    MUST(ln_query_list(rows, NULL, p->store, &l, &err));
    return rows;
}

size_t four_count(struct four *t, struct peer *p, const char *collection, const char *field,
                  const char *value)
{
    json_t *rows = four_rows(t, p, collection, field, value);
    size_t n = json_array_size(rows);

    json_decref(rows);
    return n;
}

const char *four_text(struct four *t, struct peer *p, const char *collection, const char *id,
                      const char *field)
{
    static char out[1024];
    json_t *rows = four_rows(t, p, collection, "id", id);
    const json_t *row = json_array_get(rows, 0);

    (void)snprintf(out, sizeof out, "%s",
                   strcmp(field, "state") == 0 ? ln_special_word(row, "state")
                                               : ln_special_text(row, field));
    json_decref(rows);
    return out;
}
