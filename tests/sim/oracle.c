/* Who may, and what a record comes to, as sync/README.md says, written a second time and apart from
 * sync/: regions as prefixes, tiers as numbers, a table of rules. Where it and the replicas differ,
 * one of them is wrong. */
#include "crypto/canon.h"
#include "tests/sim/sim.h"

/* 3301 00 000 000: digits that count. */
static size_t digits(const char *region)
{
    static const size_t ends[] = { 2, 4, 6, 9, 12 };

    for (size_t i = 0; i < 5; i++)
        if (strspn(region + ends[i], "0") == strlen(region + ends[i]))
            return ends[i];
    return 12;
}
static bool within(const char *inner, const char *outer)
{
    return strncmp(inner, outer, digits(outer)) == 0;
}

bool oracle_above(const struct sim_node *upper, const struct sim_node *n)
{
    for (n = n->parent; n != NULL; n = n->parent)
        if (n == upper)
            return true;
    return false;
}

/* "330106005055/g01" in its two parts. */
static const char *owner_of(const char *audience, char owner[LN_REGION_LEN + 1])
{
    (void)snprintf(owner, LN_REGION_LEN + 1, "%.12s", audience);
    return audience + 13;
}

bool oracle_member(const struct sim_node *n, const char *audience)
{
    char owner[LN_REGION_LEN + 1];
    const char *who;

    if (strcmp(audience, "public") == 0)
        return true;
    who = owner_of(audience, owner);
    bool own_box = n->role != LN_ROLE_LAPTOP && strcmp(n->region, owner) == 0;
    if (strcmp(who, "c") == 0)
        return own_box;
    if (who[0] == 'g')
        return own_box || (n->role == LN_ROLE_LAPTOP && strcmp(n->region, owner) == 0 &&
                           strcmp(n->grid, who + 1) == 0);
    if (who[0] == '@')
        return own_box || strcmp(n->c.id, who + 1) == 0;
    return n->role != LN_ROLE_LAPTOP && within(owner, n->region) && within(n->region, who);
}

static bool is_system(const char *collection)
{
    return strstr(" cert revoke epoch receipt erase checkpoint ", collection) != NULL &&
           strlen(collection) > 3;
}

const char *oracle_may(const struct sim_claim *c)
{
    const struct sim_node *by = c->by;
    bool open = strcmp(c->audience, "public") == 0;
    bool laptop = by->role == LN_ROLE_LAPTOP;
    char owner[LN_REGION_LEN + 1];

    if (is_system(c->collection)) {
        if (!open)
            return "a line of the protocol is public";
        if (strcmp(c->op, "add") != 0)
            return "a line of the protocol is an add";
        if (laptop)
            return "a laptop writes no line of the protocol";
        if (strcmp(c->collection, "receipt") == 0) {
            for (size_t i = 0; i < sim->n_real; i++)
                if (strcmp(sim->nodes[i]->c.id, c->names) == 0)
                    return sim->nodes[i]->parent == by ? NULL : "a receipt is the parent's";
            return "a receipt for nobody";
        }
        if (strcmp(c->collection, "checkpoint") == 0) {
            for (size_t i = 0; i < sim->n_real; i++)
                if (strcmp(sim->nodes[i]->c.id, c->names) == 0 &&
                    (sim->nodes[i] == by ||
                     (sim->nodes[i]->parent == by && sim->nodes[i]->role == LN_ROLE_LAPTOP)))
                    return NULL;
            return "a checkpoint is its author's, or that of a laptop's box";
        }
        if (strcmp(c->collection, "epoch") == 0)
            return strncmp(c->names, by->region, 12) == 0 ? NULL : "an epoch is its owner's";
        return NULL; /* what it brings about is judged by the state of certificates at the end */
    }
    if (strcmp(c->op, "add") == 0 && c->region[0] != '\0' && !within(c->region, by->region))
        return "a record names a region that is not its writer's";
    if (laptop) {
        if (open || strncmp(c->audience, by->region, 12) != 0 || c->audience[13] != 'g')
            return "a laptop writes for the grids of its region";
        return strcmp(c->audience + 14, by->grid) == 0 ? NULL
                                                       : "a grid that the laptop was not given";
    }
    bool add_or_step = strcmp(c->op, "add") == 0 || strcmp(c->op, "step") == 0;
    if (open)
        return add_or_step || c->target_region[0] == '\0' ||
                       strcmp(c->target_region, by->region) == 0
                   ? NULL
                   : "a public record of another region";
    const char *who = owner_of(c->audience, owner);
    if (strcmp(owner, by->region) == 0)
        return NULL;
    bool below = within(owner, by->region);
    bool over = within(by->region, owner);
    if (!below && !over && !(who[0] == '@' && strcmp(who + 1, by->c.id) == 0))
        return "another branch";
    if (who[0] == 'g' || (below && !oracle_member(by, c->audience)))
        return "no member";
    if (add_or_step || (below && strcmp(c->op, "set") == 0))
        return NULL;
    return "others' records are answered, not changed";
}

/* ---- merging */

struct line {
    struct ln_id id, base[LN_CHANGE_BASES];
    size_t n_base;
    int64_t eff;
    bool writes;
    char value[64];
};
struct lines {
    struct line *list;
    size_t n, cap;
    const char *field;
    bool plain;
};

static bool take(void *ctx, const struct ln_history_item *i, struct ln_err *err)
{
    struct lines *x = ctx;
    struct ln_span v;
    struct ln_span text;

    (void)err;
    if (i->state == LN_STORE_VOID)
        return true;
    if (x->n == x->cap) {
        x->cap = x->cap > 0 ? 2 * x->cap : 64;
        x->list = realloc(x->list, x->cap * sizeof *x->list);
        if (x->list == NULL)
            abort();
    }
    struct line *l = &x->list[x->n++];
    x->plain =
        x->plain && (i->c->op == LN_OP_ADD || i->c->op == LN_OP_SET || i->c->op == LN_OP_STEP);
    *l = (struct line){ .id = i->c->id, .n_base = i->c->n_base, .eff = i->eff };
    memcpy(l->base, i->c->base, i->c->n_base * sizeof l->base[0]);
    l->writes = (i->c->op == LN_OP_ADD || i->c->op == LN_OP_SET) && i->c->fields.len > 0 &&
                ln_canon_get(i->c->fields, x->field, &v) && ln_canon_plain(v, &text);
    if (l->writes)
        (void)snprintf(l->value, sizeof l->value, "%.*s", (int)text.len, text.p);
    return true;
}

bool oracle_field(struct sim_node *n, const struct ln_id *record, const char *field,
                  unsigned *heads, char value[64], bool *whole)
{
    struct lines x = { .field = field, .plain = true };
    const struct line *best = NULL;
    struct ln_err err = { 0 };

    SIM_DO(ln_replica_history(ln_sqlstore_handle(n->store), record, take, &x, &err));
    *heads = 0;
    *whole = true;
    value[0] = '\0';
    for (size_t i = 0; i < x.n; i++)
        for (size_t b = 0; b < x.list[i].n_base; b++) {
            bool there = false;
            for (size_t k = 0; k < x.n && !there; k++)
                there = ln_clock_compare(&x.list[k].id, &x.list[i].base[b]) == 0;
            *whole = *whole && there;
        }
    for (size_t i = 0; i < x.n; i++) {
        bool replaced = !x.list[i].writes;
        for (size_t k = 0; k < x.n && !replaced; k++)
            for (size_t b = 0; b < x.list[k].n_base && !replaced; b++)
                replaced = x.list[k].writes &&
                           memcmp(x.list[k].base[b].b, x.list[i].id.b, sizeof x.list[i].id.b) == 0;
        if (replaced)
            continue;
        (*heads)++;
        if (best == NULL || x.list[i].eff > best->eff ||
            (x.list[i].eff == best->eff &&
             memcmp(x.list[i].id.b, best->id.b, sizeof best->id.b) > 0))
            best = &x.list[i];
    }
    if (best != NULL)
        memcpy(value, best->value, sizeof best->value);
    free(x.list);
    return x.plain;
}
