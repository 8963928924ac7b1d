/* Refusals in words: see refusal.h. */
#include "node/module/refusal.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 4000

/* ---- sentences */

static void fill(struct ln_buf *out, const char *sentence, const struct ln_def_label *args,
                 size_t n, bool zh)
{
    for (const char *p = sentence; *p != '\0'; p++) {
        size_t i =
            p[0] == '{' && p[1] >= '0' && p[1] <= '9' && p[2] == '}' ? (size_t)(p[1] - '0') : n;
        if (i < n) {
            ln_buf_adds(out, zh ? args[i].zh : args[i].en);
            p += 2;
        } else
            ln_buf_addc(out, *p);
    }
}

bool ln_refusal(json_t **problems, enum ln_code code, const char *field,
                const struct ln_def_label *say, const struct ln_def_label *args, size_t n,
                struct ln_err *err)
{
    struct ln_buf zh = ln_buf_new(TEXT_MAX);
    struct ln_buf en = ln_buf_new(TEXT_MAX);

    fill(&zh, say->zh, args, n, true);
    fill(&en, say->en, args, n, false);
    if (*problems == NULL)
        *problems = json_array();
    json_array_append_new(*problems,
                          json_pack("{s:s,s:s,s:s}", "field", field, "zh", zh.data, "en", en.data));
    (void)ln_fail(err, code, "%.200s", en.data);
    ln_buf_free(&zh);
    ln_buf_free(&en);
    return false;
}

/* ---- names */

struct ln_def_label ln_refusal_text(const char *text)
{
    return (struct ln_def_label){ text, text };
}

struct ln_def_label ln_refusal_field(const struct ln_def_coll *c, const char *name)
{
    const struct ln_def_field *f = ln_def_field(c, name);

    return f != NULL ? f->label : ln_refusal_text(name);
}

struct ln_def_label ln_refusal_state(const struct ln_def_coll *c, const char *name)
{
    for (size_t i = 0; i < c->n_states; i++)
        if (strcmp(c->states[i].name, name) == 0)
            return c->states[i].label;
    return ln_refusal_text(name);
}

struct ln_def_label ln_refusal_step(const struct ln_def_coll *c, const char *action)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (strcmp(c->steps[i].action, action) == 0)
            return c->steps[i].label;
    return ln_refusal_text(action);
}

/* ---- lists */

struct ln_refusal_list ln_refusal_list(void)
{
    return (struct ln_refusal_list){ ln_buf_new(TEXT_MAX), ln_buf_new(TEXT_MAX) };
}

static bool holds(const char *list, const char *word, const char *between)
{
    size_t len = strlen(word);
    size_t gap = strlen(between);

    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
        bool begins =
            at == list || ((size_t)(at - list) >= gap && strncmp(at - gap, between, gap) == 0);
        if (begins && (at[len] == '\0' || strncmp(at + len, between, gap) == 0))
            return true;
    }
    return false;
}

void ln_refusal_add(struct ln_refusal_list *l, struct ln_def_label label)
{
    if (holds(l->zh.data, label.zh, "、"))
        return;
    ln_buf_addf(&l->zh, "%s%s", l->zh.len > 0 ? "、" : "", label.zh);
    ln_buf_addf(&l->en, "%s%s", l->en.len > 0 ? ", " : "", label.en);
}

static bool code_label(struct ln_def_label *out, const struct ln_def *def, const char *role)
{
    const struct ln_def_coll *m = ln_def_find(def, "membership");
    const struct ln_def_field *f = m != NULL ? ln_def_field(m, "role") : NULL;

    for (size_t i = 0; f != NULL && f->codes != NULL && i < f->codes->n; i++)
        if (strcmp(f->codes->list[i].code, role) == 0) {
            *out = f->codes->list[i].label;
            return true;
        }
    return false;
}

void ln_refusal_roles(struct ln_refusal_list *l, const struct ln_def *def, const char *const *words)
{
    static const struct {
        const char *word;
        struct ln_def_label label;
    } OTHERS[] = {
        { "author", { "录入的人", "who entered it" } },
        { "reporter", { "反映人", "who reported it" } },
        { "handler", { "承办方", "the home that handles it" } },
        { "handlers", { "经办过的组织", "the homes that had it" } },
        { "guest", { "访客", "guests" } },
    };

    for (; words != NULL && *words != NULL; words++) {
        struct ln_def_label label = ln_refusal_text(*words);
        char role[24];
        for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
            if (strcmp(OTHERS[i].word, *words) == 0)
                label = OTHERS[i].label;
        (void)snprintf(role, sizeof role, "%.*s", (int)strcspn(*words, ":?"), *words);
        if (strcmp(*words, "resident:own") == 0)
            label = (struct ln_def_label){ "本人", "whom it is about" };
        else
            (void)code_label(&label, def, role);
        ln_refusal_add(l, label);
    }
    if (l->zh.len == 0)
        ln_refusal_add(l, (struct ln_def_label){ "系统自动", "the node itself" });
}

struct ln_def_label ln_refusal_said(const struct ln_refusal_list *l)
{
    return (struct ln_def_label){ l->zh.data, l->en.data };
}

void ln_refusal_free(struct ln_refusal_list *l)
{
    ln_buf_free(&l->zh);
    ln_buf_free(&l->en);
}
