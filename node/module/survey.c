/* Surveys and votes: see survey.h. The roll and the counting stand in roll.c and tally.c. */
#include "node/module/survey.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/encode.h"
#include "node/module/roll.h"
#include "node/module/tally.h"
#include "node/module/workday.h"
#include "node/store/ballot.h"

#define SURVEYS_MAX 50 /* looked at in one tick */

static json_t *part(const json_t *row, const char *field)
{
    return json_object_get(json_object_get(row, "f"), field);
}

static bool is_step(const struct ln_special_call *x, const char *action)
{
    return x->kind == LN_ENGINE_STEP && strcmp(x->step->action, action) == 0;
}

static bool is(const json_t *survey, const char *field, const char *value)
{
    return strcmp(ln_special_text(survey, field), value) == 0;
}

static bool rows_of(json_t **out, struct ln_special_call *x, const char *collection,
                    const char *survey, struct ln_err *err)
{
    size_t max = strcmp(collection, "response") == 0 ? 10 * LN_SURVEY_ROLL : LN_SURVEY_ROLL;

    return ln_special_rows(out, x->e->writer, x->e->def, collection, "survey", survey, max, err);
}

static int by_no(const void *a, const void *b)
{
    int64_t x = json_integer_value(json_object_get(*(json_t *const *)a, "no"));
    int64_t y = json_integer_value(json_object_get(*(json_t *const *)b, "no"));

    return x < y ? -1 : x > y;
}

static bool questions_of(json_t **out, struct ln_special_call *x, const char *survey,
                         struct ln_err *err)
{
    json_t *rows;

    if (!rows_of(&rows, x, "question", survey, err))
        return false;
    size_t n = json_array_size(rows);
    json_t **list = ln_alloc_array(n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = json_array_get(rows, i);
    qsort(list, n, sizeof *list, by_no);
    *out = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append(*out, list[i]);
    ln_free(list);
    json_decref(rows);
    return true;
}

/* ---- rules */

static const char *rule_of(const json_t *survey, const char *name, const char *otherwise)
{
    const char *text = ln_special_word(part(survey, "rule"), name);

    return text[0] != '\0' ? text : otherwise;
}

/* Civil Code article 278: two thirds take part; more than half of them agree, of weighty matters
 * three quarters. */
static bool settle_rule(struct ln_special_call *x, struct ln_err *err)
{
    json_t *rule = json_object_get(x->f, "rule");
    const char *kind = ln_special_word(x->f, "kind");
    bool vote =
        strcmp(kind[0] != '\0' ? kind : ln_special_text(x->row, "kind"), "owners_vote") == 0;
    const json_t *weighty = json_object_get(x->f, "weighty");
    bool heavy = json_is_true(weighty != NULL ? weighty : part(x->row, "weighty"));
    const char *key;
    json_t *value;

    json_object_foreach(rule, key, value)
    {
        bool known = strcmp(key, "quorum") == 0 || strcmp(key, "pass") == 0;
        if (!known || !json_is_string(value) || !ln_tally_fraction(json_string_value(value)))
            return ln_special_problem(x, "rule", "写成 quorum=2/3 pass=1/2 这样的分数",
                                      "fractions such as quorum 2/3 and pass 1/2", err);
    }
    if (vote && (x->row == NULL || weighty != NULL) && rule == NULL)
        json_object_set_new(x->f, "rule",
                            json_pack("{s:s,s:s}", "quorum", "2/3", "pass", heavy ? "3/4" : "1/2"));
    return true;
}

static bool check_survey(struct ln_special_call *x, struct ln_err *err)
{
    const json_t *starts = json_object_get(x->f, "starts");
    const json_t *ends = json_object_get(x->f, "ends");
    const char *state = ln_special_word(x->row, "state");

    if (x->row != NULL && strcmp(state, "draft") != 0)
        return ln_special_refuse(x, LN_CONFLICT, "已批准，不能再改；需要时请取消后重新发起",
                                 "it was approved and cannot be changed; cancel it and begin anew",
                                 err);
    starts = starts != NULL ? starts : part(x->row, "starts");
    ends = ends != NULL ? ends : part(x->row, "ends");
    if (json_integer_value(ends) <= json_integer_value(starts))
        return ln_special_problem(x, "ends", "应晚于开始时间", "must be after the beginning", err);
    return settle_rule(x, err);
}

/* ---- sealing secret ballots */

static bool gather(void *ctx, const struct ln_ballot *b, struct ln_err *err)
{
    char roll[LN_ID_TEXT + 1];

    (void)err;
    ln_clock_id_write(roll, &b->roll);
    json_array_append_new(ctx,
                          json_pack("{s:s,s:s,s:s,s:o}", "roll", roll, "token", b->token, "how",
                                    b->how, "answers", json_loads(b->answers, 0, NULL)));
    return true;
}

/* Fisher and Yates, with the system's randomness: their order tells nothing. */
static void shuffle(json_t *list)
{
    for (size_t i = json_array_size(list); i > 1; i--) {
        size_t k = randombytes_uniform((uint32_t)i);
        json_t *a = json_incref(json_array_get(list, i - 1));
        json_array_set(list, i - 1, json_array_get(list, k));
        json_array_set_new(list, k, a);
    }
}

static bool seal_one(struct ln_special_call *x, const json_t *survey, const json_t *b,
                     struct ln_err *err)
{
    json_t *roll = NULL;
    json_t *f = json_pack("{s:s,s:s,s:O,s:s}", "survey", ln_special_word(survey, "id"), "token",
                          ln_special_word(b, "token"), "answers", json_object_get(b, "answers"),
                          "how", ln_special_word(b, "how"));

    if (!ln_special_get(&roll, x, "roll", ln_special_word(b, "roll"), err)) {
        json_decref(f);
        return false;
    }
    if (part(roll, "area") != NULL)
        json_object_set(f, "weight", part(roll, "area"));
    json_object_set(f, "heads", part(roll, "heads"));
    json_decref(roll);
    return ln_special_add(NULL, x, "response", f, err);
}

static bool seal_ballots(struct ln_special_call *x, const json_t *survey, struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(x->e->writer);
    struct ln_special_call quiet = *x; /* a ballot names neither who cast it nor the way in */
    json_t *list = json_array();
    struct ln_id id;
    size_t i;
    json_t *b;
    bool ok = ln_clock_id_read(&id, ln_span_of(ln_special_word(survey, "id"))) &&
              ln_ballot_each(db, &id, true, gather, list, err);

    quiet.channel = "";
    shuffle(list);
    json_array_foreach(list, i, b)
    {
        ok = ok && seal_one(&quiet, survey, b, err);
    }
    json_decref(list);
    return ok && ln_ballot_sealed(db, &id, err);
}

/* ---- steps */

static bool before_approve(struct ln_special_call *x, struct ln_err *err)
{
    json_t *questions;

    if (!ln_engine_has_role(x->u, "committee") && !is(x->row, "kind", "owners_vote"))
        return ln_special_refuse(x, LN_DENIED, "业委会只批准业主表决，其他由居委会批准",
                                 "the owners approve their own votes; the committee the others",
                                 err);
    if (!rows_of(&questions, x, "question", x->id, err))
        return false;
    size_t n = json_array_size(questions);
    json_decref(questions);
    return n > 0 ||
           ln_special_refuse(x, LN_CONFLICT, "还没有题目", "there is no question yet", err);
}

static bool open_questions(struct ln_special_call *x, struct ln_err *err)
{
    json_t *questions;
    size_t i;
    json_t *q;
    bool ok = rows_of(&questions, x, "question", x->id, err);

    json_array_foreach(questions, i, q)
    {
        ok =
            ok && ln_special_step(x, "question", ln_special_word(q, "id"), "open", NULL, NULL, err);
    }
    json_decref(questions);
    return ok;
}

struct sums {
    json_t *questions, *last, *roll, *counts, *turnout, *passed;
};

static void sums_free(struct sums *s)
{
    json_decref(s->questions);
    json_decref(s->last);
    json_decref(s->roll);
    json_decref(s->counts);
    json_decref(s->turnout);
    json_decref(s->passed);
}

static bool sum_up(struct sums *s, struct ln_special_call *x, struct ln_err *err)
{
    json_t *ballots = NULL;
    bool ok = questions_of(&s->questions, x, x->id, err) &&
              rows_of(&s->roll, x, "roll", x->id, err) &&
              rows_of(&ballots, x, "response", x->id, err);

    if (ok) {
        const char *quorum = rule_of(x->row, "quorum", "0/1");
        s->last = ln_tally_last(ballots);
        s->counts = ln_tally_count(s->questions, s->last);
        s->turnout = ln_tally_turnout(s->roll, s->last);
        s->passed = ln_tally_passed(s->questions, s->counts, s->turnout, quorum,
                                    rule_of(x->row, "pass", "1/2"));
        json_object_set_new(s->turnout, "quorum",
                            json_boolean(ln_tally_quorum(s->turnout, quorum)));
    }
    json_decref(ballots);
    return ok;
}

static bool result_of(json_t **out, struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "survey", LN_WHERE_IS, x->id } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "result", where, 1, 0, err);

    *out = ok && json_array_size(rows) > 0 ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return ok;
}

static int64_t percent(int64_t part_, int64_t whole)
{
    return whole > 0 ? (part_ * 100 + whole / 2) / whole : 0;
}

static const char *counter_name(const struct ln_special_call *x)
{
    return x->u->shown[0] != '\0' ? x->u->shown : x->u->login[0] != '\0' ? x->u->login : "节点";
}

static json_t *result_fields(struct ln_special_call *x, const struct sums *s)
{
    const json_t *t = s->turnout;
    int64_t ballots = json_integer_value(json_object_get(t, "ballots"));

    return json_pack("{s:O,s:O,s:O,s:I,s:I,s:[s]}", "counts", s->counts, "turnout", s->turnout,
                     "passed", s->passed, "turnout_pct",
                     (json_int_t)percent(json_integer_value(json_object_get(t, "heads")),
                                         json_integer_value(json_object_get(t, "heads_all"))),
                     "paper_pct",
                     (json_int_t)percent(json_integer_value(json_object_get(t, "paper")), ballots),
                     "counted_by", counter_name(x));
}

static bool count(struct ln_special_call *x, struct ln_err *err)
{
    struct sums s = { 0 };
    json_t *old = NULL;
    bool ok = sum_up(&s, x, err) && result_of(&old, x, err);

    if (ok) {
        json_t *f = result_fields(x, &s);
        if (old != NULL)
            ok = ln_special_set(x, "result", ln_special_word(old, "id"), f, err);
        else {
            json_object_set_new(f, "survey", json_string(x->id));
            json_object_set_new(f, "title", json_string(ln_special_text(x->row, "title")));
            ok = ln_special_add(NULL, x, "result", f, err);
        }
    }
    json_decref(old);
    sums_free(&s);
    return ok;
}

/* The second person's count must come to the same. */
static bool sign(struct ln_special_call *x, struct ln_err *err)
{
    struct sums s = { 0 };
    json_t *old = NULL;
    bool ok = sum_up(&s, x, err) && result_of(&old, x, err);

    if (ok && (old == NULL || !json_equal(part(old, "counts"), s.counts) ||
               !json_equal(part(old, "turnout"), s.turnout)))
        ok = ln_special_refuse(x, LN_CONFLICT, "两次计票结果不一致，请重新计票",
                               "the two counts differ: count again", err);
    if (ok) {
        json_t *both = json_deep_copy(part(old, "counted_by"));
        json_array_append_new(both, json_string(counter_name(x)));
        ok = ln_special_set(x, "result", ln_special_word(old, "id"),
                            json_pack("{s:o}", "counted_by", both), err);
    }
    json_decref(old);
    sums_free(&s);
    return ok;
}

static bool step_result(struct ln_special_call *x, const char *action, struct ln_err *err)
{
    json_t *old = NULL;
    bool ok = result_of(&old, x, err) && old != NULL &&
              ln_special_step(x, "result", ln_special_word(old, "id"), action, NULL, NULL, err);

    json_decref(old);
    return ok;
}

static bool objected(bool *open, struct ln_special_call *x, const char *survey, struct ln_err *err)
{
    const struct ln_where where[] = { { "survey", LN_WHERE_IS, survey },
                                      { "state", LN_WHERE_IS, "filed" } };
    json_t *rows = NULL;
    bool ok = ln_special_find(&rows, x, "objection", where, 2, 0, err);

    *open = json_array_size(rows) > 0;
    json_decref(rows);
    return ok;
}

static bool before_finish(struct ln_special_call *x, struct ln_err *err)
{
    bool open = false;

    if (strcmp(x->today, ln_special_text(x->row, "objection_until")) <= 0)
        return ln_special_refuse(x, LN_CONFLICT, "公示期未满", "objections are still possible",
                                 err);
    return objected(&open, x, x->id, err) &&
           (!open || ln_special_refuse(x, LN_CONFLICT, "还有异议没有答复",
                                       "an objection has not been answered", err));
}

static bool before_survey(struct ln_special_call *x, struct ln_err *err)
{
    char until[11];

    if (x->kind == LN_ENGINE_DELETE)
        return strcmp(ln_special_word(x->row, "state"), "draft") == 0 ||
               ln_special_refuse(x, LN_CONFLICT, "已批准，不能删除，可以取消",
                                 "it was approved: cancel it instead", err);
    if (x->kind != LN_ENGINE_STEP)
        return x->u->system || check_survey(x, err);
    if (!ln_special_owns(x, ln_special_word(x->row, "region")))
        return ln_special_refuse(x, LN_DENIED, "投票只能在社区主机上办理",
                                 "votes are held on the community's box only", err);
    if (is_step(x, "approve"))
        return before_approve(x, err);
    if (is_step(x, "publish")) {
        ln_workday_date(until, ln_workday_number(x->today) + LN_SURVEY_OBJECT_DAYS);
        json_object_set_new(x->f, "objection_until", json_string(until));
    }
    if (is_step(x, "finish")) /* from here on answers that are not open have their time */
        json_object_set_new(x->f, "finished", json_string(x->today));
    return !is_step(x, "finish") || before_finish(x, err);
}

static bool after_survey(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_id id;

    if (is_step(x, "open"))
        return ln_roll_make(x, x->row, err) && open_questions(x, err);
    if (is_step(x, "close") || is_step(x, "cancel"))
        return seal_ballots(x, x->row, err) && ln_clock_id_read(&id, ln_span_of(x->id)) &&
               ln_ballot_forget(ln_sqlstore_db(x->e->writer), &id, err);
    if (is_step(x, "count"))
        return count(x, err);
    if (is_step(x, "sign"))
        return sign(x, err);
    if (is_step(x, "publish"))
        return step_result(x, "publish", err);
    if (is_step(x, "finish"))
        return step_result(x, "finish", err);
    return true;
}

static bool tick_survey(struct ln_special_call *x, struct ln_err *err)
{
    const struct ln_where where[] = { { "state", LN_WHERE_IS, "published" },
                                      { "region", LN_WHERE_IS, ln_replica_self(x->r)->region },
                                      { "objection_until", LN_WHERE_TO, x->today } };
    json_t *rows = NULL;
    size_t i;
    json_t *row;
    bool ok = ln_special_find(&rows, x, "survey", where, 3, 0, err);

    json_array_foreach(rows, i, row)
    {
        bool open = false;
        const char *id = ln_special_word(row, "id");
        if (!ok || i == SURVEYS_MAX ||
            strcmp(ln_special_text(row, "objection_until"), x->today) >= 0)
            continue;
        ok = objected(&open, x, id, err) &&
             (open || ln_special_step(x, "survey", id, "finish", NULL, NULL, err));
    }
    json_decref(rows);
    return ok;
}

/* ---- questions, objections, support */

static bool options_fit(struct ln_special_call *x, const json_t *survey, struct ln_err *err)
{
    const json_t *options = json_object_get(x->f, "options");
    const char *kind = ln_special_word(x->f, "kind");
    bool choice;
    size_t i;
    json_t *o;

    kind = kind[0] != '\0' ? kind : ln_special_text(x->row, "kind");
    options = options != NULL ? options : part(x->row, "options");
    choice = strcmp(kind, "single") == 0 || strcmp(kind, "multi") == 0 || strcmp(kind, "rank") == 0;
    if (choice && json_array_size(options) < 2)
        return ln_special_problem(x, "options", "至少两项", "needs at least two", err);
    json_array_foreach((json_t *)(uintptr_t)options, i, o)
    {
        for (size_t k = 0; k < i; k++)
            if (strcmp(ln_special_word(o, "label"),
                       ln_special_word(json_array_get(options, k), "label")) == 0)
                return ln_special_problem(x, "options", "有两项相同", "two are the same", err);
        if (json_object_get(o, "limit") != NULL && !is(survey, "secrecy", "open"))
            return ln_special_problem(x, "options", "不记名的题目不能设名额",
                                      "a secret question cannot have places", err);
    }
    return true;
}

static bool before_question(struct ln_special_call *x, struct ln_err *err)
{
    json_t *survey = NULL;
    json_t *others = NULL;
    size_t i;
    json_t *q;
    const char *id =
        x->row != NULL ? ln_special_text(x->row, "survey") : ln_special_word(x->f, "survey");
    const json_t *no = json_object_get(x->f, "no");

    if (x->u->system)
        return true;
    bool ok = ln_special_get(&survey, x, "survey", id, err);
    if (ok && (survey == NULL || strcmp(ln_special_word(survey, "state"), "draft") != 0))
        ok = ln_special_refuse(x, LN_CONFLICT, "调查已批准，题目不能再改",
                               "the survey was approved: its questions stand", err);
    ok = ok && (x->kind == LN_ENGINE_DELETE || options_fit(x, survey, err)) &&
         (no == NULL || rows_of(&others, x, "question", id, err));
    json_array_foreach(others, i, q)
    {
        if (ok && json_equal(json_object_get(q, "no"), no) &&
            strcmp(ln_special_word(q, "id"), x->id) != 0)
            ok = ln_special_problem(x, "no", "已有这个题号", "is taken", err);
    }
    json_decref(others);
    json_decref(survey);
    return ok;
}

static bool before_objection(struct ln_special_call *x, struct ln_err *err)
{
    json_t *survey = NULL;

    if (x->kind == LN_ENGINE_STEP && is_step(x, "answer") &&
        ln_special_word(x->f, "answer")[0] == '\0')
        return ln_special_problem(x, "answer", "请写答复", "an answer is needed", err);
    if (x->kind != LN_ENGINE_CREATE)
        return true;
    bool ok = ln_special_get(&survey, x, "survey", ln_special_word(x->f, "survey"), err);
    if (ok && strcmp(ln_special_word(survey, "state"), "published") != 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "不在公示期，不能提异议",
                               "objections are possible while a result is published", err);
    json_decref(survey);
    return ok;
}

/* The public result shows that and how an objection was answered, not who made it. */
static bool after_objection(struct ln_special_call *x, struct ln_err *err)
{
    struct ln_special_call y = *x;
    json_t *result = NULL;

    if (!is_step(x, "answer"))
        return true;
    y.id = ln_special_text(x->row, "survey");
    bool ok = result_of(&result, &y, err);
    if (ok && result != NULL) {
        json_t *list = part(result, "objections") != NULL
                           ? json_deep_copy(part(result, "objections"))
                           : json_array();
        json_array_append_new(list, json_pack("{s:s,s:s}", "at", x->today, "answer",
                                              ln_special_word(x->f, "answer")));
        ok = ln_special_set(x, "result", ln_special_word(result, "id"),
                            json_pack("{s:o}", "objections", list), err);
    }
    json_decref(result);
    return ok;
}

static bool before_proposal(struct ln_special_call *x, struct ln_err *err)
{
    if (x->kind == LN_ENGINE_CREATE && x->u->person[0] != '\0')
        json_object_set_new(x->f, "by", json_string(x->u->person));
    if (x->kind == LN_ENGINE_UPDATE && !x->u->system &&
        strcmp(ln_special_word(x->row, "state"), "filed") != 0)
        return ln_special_refuse(x, LN_CONFLICT, "已有人附议或答复，不能再改",
                                 "others stand behind it or answered it: it stays as it is", err);
    return !is_step(x, "answer") || ln_special_word(x->f, "answer")[0] != '\0' ||
           ln_special_problem(x, "answer", "请写答复", "an answer is needed", err);
}

static bool before_support(struct ln_special_call *x, struct ln_err *err)
{
    const char *proposal = ln_special_word(x->f, "proposal");
    const struct ln_where where[] = { { "proposal", LN_WHERE_IS, proposal },
                                      { "person", LN_WHERE_IS, ln_special_word(x->f, "person") } };
    json_t *rows = NULL;
    json_t *p = NULL;
    bool ok = ln_special_find(&rows, x, "support", where, 2, 0, err) &&
              ln_special_get(&p, x, "proposal", proposal, err);

    if (ok && json_array_size(rows) > 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "已经附议过了", "supported already", err);
    else if (ok && strcmp(ln_special_word(p, "state"), "filed") != 0 &&
             strcmp(ln_special_word(p, "state"), "supported") != 0)
        ok = ln_special_refuse(x, LN_CONFLICT, "这个议题已不再征集附议",
                               "this proposal takes no more support", err);
    json_decref(p);
    json_decref(rows);
    return ok;
}

/* Enough neighbours behind it bring a proposal before the committee. */
#define SUPPORTS 20
static bool after_support(struct ln_special_call *x, struct ln_err *err)
{
    const char *id = ln_special_word(x->f, "proposal");
    json_t *rows = NULL;
    json_t *p = NULL;
    bool ok = ln_special_get(&p, x, "proposal", id, err) &&
              ln_special_rows(&rows, x->e->writer, x->e->def, "support", "proposal", id,
                              LN_SURVEY_ROLL, err);
    json_int_t n = (json_int_t)json_array_size(rows);

    if (ok && p != NULL && ln_special_owns(x, ln_special_word(p, "region"))) {
        ok = ln_special_set(x, "proposal", id, json_pack("{s:I}", "supports", n), err);
        if (ok && n >= SUPPORTS && strcmp(ln_special_word(p, "state"), "filed") == 0)
            ok = ln_special_step(x, "proposal", id, "support", NULL, NULL, err);
    }
    json_decref(rows);
    json_decref(p);
    return ok;
}

/* ---- ballots */

static void token_text(char out[LN_BALLOT_TOKEN])
{
    static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    for (int i = 0; i < LN_BALLOT_TOKEN - 1; i++)
        out[i] = letters[randombytes_uniform((uint32_t)(sizeof letters - 1))];
    out[LN_BALLOT_TOKEN - 1] = '\0';
}

static bool may_vote_now(struct ln_special_call *x, const json_t *survey, struct ln_err *err)
{
    if (survey == NULL)
        return ln_fail(err, LN_MISSING, "no such survey");
    if (!ln_special_owns(x, ln_special_word(survey, "region")))
        return ln_special_refuse(x, LN_DENIED, "请在社区主机上投票，或填写纸质票",
                                 "vote on the community's box, or on paper", err);
    if (strcmp(ln_special_word(survey, "state"), "open") != 0 ||
        json_integer_value(part(survey, "ends")) <= x->now_ms)
        return ln_special_refuse(x, LN_CONFLICT, "投票没有开始或已经截止",
                                 "the vote has not begun or is over", err);
    return true;
}

/* The vote that the person has; NULL with a refusal. */
static json_t *own_roll(struct ln_special_call *x, const struct ln_survey_ballot *b,
                        struct ln_err *err)
{
    const struct ln_where where[] = { { "survey", LN_WHERE_IS, b->survey },
                                      { "holder", LN_WHERE_IS, b->person } };
    json_t *rows = NULL;
    json_t *found = NULL;
    size_t i;
    json_t *row;

    if (b->person[0] != '\0' && ln_special_find(&rows, x, "roll", where, 2, 0, err))
        json_array_foreach(rows, i, row)
        {
            if (found == NULL &&
                (b->roll[0] == '\0' || strcmp(ln_special_word(row, "id"), b->roll) == 0))
                found = json_incref(row);
        }
    json_decref(rows);
    if (found == NULL && err->code == LN_OK)
        (void)ln_special_refuse(x, LN_DENIED, "不在这次投票的名册里，请向组织者核对",
                                "not on the roll of this vote: ask who holds it", err);
    return found;
}

static bool good_witness(struct ln_special_call *x, const struct ln_survey_ballot *b,
                         struct ln_err *err)
{
    json_t *account = NULL;
    bool ok = ln_special_get(&account, x, "account", b->witness, err);

    if (ok && (account == NULL || strcmp(b->witness, x->u->account) == 0))
        ok = ln_special_problem(x, "witness", "录入纸质票要有另一位在场的见证人",
                                "keying a paper ballot needs somebody else as a witness", err);
    json_decref(account);
    return ok;
}

/* The vote that the paper was printed for. */
static json_t *paper_roll(struct ln_special_call *x, const struct ln_survey_ballot *b,
                          const struct ln_id *survey, struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(x->e->writer);
    struct ln_sha256 hash = ln_encode_sha256(b->token, strlen(b->token));
    struct ln_id roll;
    char text[LN_ID_TEXT + 1];
    bool found = false;
    bool used = false;
    json_t *row = NULL;

    if (!ln_engine_staff(x->u) && !ln_engine_has_role(x->u, "owners")) {
        (void)ln_special_refuse(x, LN_DENIED, "纸质票由工作人员录入",
                                "paper ballots are keyed by staff", err);
        return NULL;
    }
    if (!good_witness(x, b, err) ||
        !ln_ballot_paper_find(&found, &used, &roll, db, survey, &hash, err))
        return NULL;
    if (!found || used) {
        (void)ln_special_problem(x, "token", found ? "这张票已经录入过" : "没有这张票，或已作废",
                                 found ? "was keyed already" : "is no valid paper ballot", err);
        return NULL;
    }
    ln_clock_id_write(text, &roll);
    if (ln_special_get(&row, x, "roll", text, err) && row == NULL)
        (void)ln_fail(err, LN_MISSING, "the voter is not on the roll any more");
    return row;
}

/* Whether this voter has cast a ballot of whatever kind. */
static bool has_voted(bool *voted, struct ln_special_call *x, const json_t *roll,
                      const struct ln_id *survey, struct ln_err *err)
{
    char how[16];
    struct ln_id id;

    *voted = ln_special_text(roll, "voted")[0] != '\0';
    if (*voted || !ln_clock_id_read(&id, ln_span_of(ln_special_word(roll, "id"))))
        return true;
    if (!ln_ballot_find(how, ln_sqlstore_db(x->e->writer), survey, &id, err))
        return false;
    *voted = how[0] != '\0';
    return true;
}

static bool has_limits(const json_t *questions)
{
    size_t i;
    json_t *q;

    json_array_foreach((json_t *)(uintptr_t)questions, i, q)
    {
        const json_t *options = json_object_get(q, "options");
        for (size_t k = 0; k < json_array_size(options); k++)
            if (json_is_integer(json_object_get(json_array_get(options, k), "limit")))
                return true;
    }
    return false;
}

static bool chose(const json_t *answer, const char *label)
{
    if (json_is_string(answer))
        return strcmp(json_string_value(answer), label) == 0;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *one = json_string_value(json_array_get(answer, i));
        if (one != NULL && strcmp(one, label) == 0)
            return true;
    }
    return false;
}

/* Of the choices made, those with places must have one left. `others`: the ballots of all others.
 */
static bool place_in(struct ln_special_call *x, const json_t *q, const json_t *others,
                     const json_t *answers, struct ln_err *err)
{
    char no[16];
    size_t i;
    json_t *o;

    (void)snprintf(no, sizeof no, "%d", (int)json_integer_value(json_object_get(q, "no")));
    json_array_foreach(json_object_get(q, "options"), i, o)
    {
        const char *label = ln_special_word(o, "label");
        int64_t left = json_integer_value(json_object_get(o, "limit"));
        if (left == 0 || !chose(json_object_get(answers, no), label))
            continue;
        for (size_t k = 0; k < json_array_size(others); k++)
            left -= chose(
                json_object_get(json_object_get(json_array_get(others, k), "answers"), no), label);
        if (left <= 0)
            return ln_special_problem(x, no, "这一项名额已满", "this choice has no place left",
                                      err);
    }
    return true;
}

static bool places_left(struct ln_special_call *x, const json_t *questions, const char *roll,
                        const json_t *answers, const char *survey, struct ln_err *err)
{
    json_t *ballots = NULL;
    size_t i;
    json_t *q;
    bool ok = true;

    if (!has_limits(questions))
        return true;
    if (!rows_of(&ballots, x, "response", survey, err))
        return false;
    json_t *last = ln_tally_last(ballots);
    for (size_t n = json_array_size(last); n > 0; n--)
        if (strcmp(ln_special_word(json_array_get(last, n - 1), "token"), roll) == 0)
            json_array_remove(last, n - 1);
    json_array_foreach((json_t *)(uintptr_t)questions, i, q)
    {
        ok = ok && place_in(x, q, last, answers, err);
    }
    json_decref(last);
    json_decref(ballots);
    return ok;
}

static bool keep_open(struct ln_special_call *x, const struct ln_survey_ballot *b,
                      const json_t *roll, const char *how, struct ln_err *err)
{
    json_t *f = json_pack("{s:s,s:s,s:O,s:s}", "survey", b->survey, "token",
                          ln_special_word(roll, "id"), "answers", b->answers, "how", how);

    if (part(roll, "area") != NULL)
        json_object_set(f, "weight", part(roll, "area"));
    json_object_set(f, "heads", part(roll, "heads"));
    if (ln_special_text(roll, "holder")[0] != '\0')
        json_object_set(f, "voter", part(roll, "holder"));
    if (b->witness[0] != '\0')
        json_object_set_new(f, "witness", json_string(b->witness));
    return ln_special_add(NULL, x, "response", f, err);
}

static bool keep_secret(struct ln_special_call *x, const struct ln_survey_ballot *b,
                        const json_t *survey, const json_t *roll, const char *how,
                        struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(x->e->writer);
    struct ln_id sid;
    struct ln_id rid;
    char token[LN_BALLOT_TOKEN];
    char *text = json_dumps(b->answers, JSON_COMPACT);
    int64_t waiting = 0;
    bool ok = text != NULL && ln_clock_id_read(&sid, ln_span_of(b->survey)) &&
              ln_clock_id_read(&rid, ln_span_of(ln_special_word(roll, "id")));

    token_text(token);
    ok = ok && ln_ballot_put(db, &sid, &rid, token, how, text, err) &&
         ln_ballot_waiting(&waiting, db, &sid, err);
    free(text);
    return ok && (waiting < LN_SURVEY_BATCH || seal_ballots(x, survey, err));
}

static const char *how_of(const struct ln_survey_ballot *b)
{
    static const char *const staff[] = { "counter", "phone", "visit" };

    if (b->token[0] != '\0')
        return "paper";
    for (size_t i = 0; i < sizeof staff / sizeof staff[0]; i++)
        if (strcmp(b->channel, staff[i]) == 0)
            return staff[i];
    return "web";
}

static bool cast(struct ln_special_call *x, struct ln_survey_ballot *b, const json_t *survey,
                 const json_t *roll, const struct ln_id *sid, struct ln_err *err)
{
    const char *id = ln_special_word(roll, "id");
    bool open = is(survey, "secrecy", "open");
    const char *how = how_of(b);
    json_t *questions = NULL;
    bool voted = false;
    bool ok = has_voted(&voted, x, roll, sid, err) && questions_of(&questions, x, b->survey, err);

    if (ok && voted && b->token[0] != '\0')
        ok = ln_special_refuse(x, LN_CONFLICT, "这一户已经投过票，这张纸质票作废",
                               "this voter has voted already: the paper is void", err);
    if (ok && ln_tally_check(x->problems, questions, b->answers) > 0)
        ok = ln_fail(err, LN_INVALID, "the answers are not complete");
    ok = ok && (!open || places_left(x, questions, id, b->answers, b->survey, err)) &&
         (open ? keep_open(x, b, roll, how, err) : keep_secret(x, b, survey, roll, how, err));
    /* Of an anonymous vote not even this stands in the log. */
    if (ok && !is(survey, "secrecy", "anonymous") &&
        strcmp(ln_special_text(roll, "voted"), how) != 0)
        ok = ln_special_set(x, "roll", id, json_pack("{s:s}", "voted", how), err);
    json_decref(questions);
    return ok;
}

static struct ln_special_call call_of(const struct ln_engine *e, const struct ln_user *u,
                                      struct ln_replica *r, char today[11], json_t *problems)
{
    struct ln_special_call x = {
        .e = e, .r = r, .u = u, .channel = "", .problems = problems, .today = today
    };

    x.now_ms = e->env->now_ms(e->env->ctx);
    ln_engine_today(today, x.now_ms);
    return x;
}

bool ln_survey_vote(void *ballot, struct ln_replica *r, struct ln_err *err)
{
    struct ln_survey_ballot *b = ballot;
    char today[11];
    json_t *survey = NULL;
    json_t *roll = NULL;
    struct ln_id id;

    b->problems = json_array();
    struct ln_special_call x = call_of(b->e, b->u, r, today, b->problems);
    bool ok = ln_clock_id_read(&id, ln_span_of(b->survey)) || ln_fail(err, LN_MISSING, "no survey");
    ok = ok && ln_special_get(&survey, &x, "survey", b->survey, err) &&
         may_vote_now(&x, survey, err);
    if (ok) {
        roll = b->token[0] != '\0' ? paper_roll(&x, b, &id, err) : own_roll(&x, b, err);
        ok = roll != NULL && cast(&x, b, survey, roll, &id, err);
    }
    if (ok && b->token[0] != '\0') {
        struct ln_sha256 hash = ln_encode_sha256(b->token, strlen(b->token));
        ok = ln_ballot_paper_used(ln_sqlstore_db(b->e->writer), &id, &hash, err);
    }
    json_decref(roll);
    json_decref(survey);
    return ok;
}

/* ---- ballot papers */

static bool one_paper(struct ln_survey_papers *p, const struct ln_id *survey, const json_t *roll,
                      struct ln_err *err)
{
    struct ln_db *db = ln_sqlstore_db(p->e->writer);
    char token[LN_BALLOT_TOKEN];
    struct ln_id id;

    if (!ln_clock_id_read(&id, ln_span_of(ln_special_word(roll, "id"))))
        return true;
    token_text(token);
    struct ln_sha256 hash = ln_encode_sha256(token, strlen(token));
    json_array_append_new(p->out,
                          json_pack("{s:O,s:s,s:s,s:s}", "roll", json_object_get(roll, "id"),
                                    "name", ln_special_word(roll, "name"), "area",
                                    ln_special_word(roll, "area"), "token", token));
    return ln_ballot_paper_end(db, survey, &id, err) &&
           ln_ballot_paper_put(db, survey, &hash, &id, err);
}

static bool chosen(const struct ln_survey_papers *p, const json_t *roll)
{
    size_t i;
    json_t *id;

    if (p->rolls == NULL)
        return ln_special_word(roll, "voted")[0] == '\0';
    json_array_foreach((json_t *)(uintptr_t)p->rolls, i, id)
    {
        if (json_equal(id, json_object_get(roll, "id")))
            return true;
    }
    return false;
}

bool ln_survey_papers(void *papers, struct ln_replica *r, struct ln_err *err)
{
    struct ln_survey_papers *p = papers;
    char today[11];
    json_t *survey = NULL;
    json_t *rolls = NULL;
    size_t i;
    json_t *roll;
    struct ln_id id;

    p->problems = json_array();
    struct ln_special_call x = call_of(p->e, p->u, r, today, p->problems);
    bool ok = ln_engine_has_role(p->u, "committee") || ln_engine_has_role(p->u, "owners") ||
              ln_fail(err, LN_DENIED, "ballot papers are printed by who holds the vote");
    ok = ok &&
         (ln_clock_id_read(&id, ln_span_of(p->survey)) ||
          ln_fail(err, LN_MISSING, "no such survey")) &&
         ln_special_get(&survey, &x, "survey", p->survey, err) && may_vote_now(&x, survey, err);
    if (ok && !json_is_true(part(survey, "paper")))
        ok = ln_special_refuse(&x, LN_CONFLICT, "这次投票不接受纸质票",
                               "this vote takes no paper ballots", err);
    ok = ok && rows_of(&rolls, &x, "roll", p->survey, err);
    json_array_foreach(rolls, i, roll)
    {
        if (ok && json_array_size(p->out) < LN_SURVEY_PAPERS && chosen(p, roll))
            ok = one_paper(p, &id, roll, err);
    }
    json_decref(rolls);
    json_decref(survey);
    return ok;
}

/* ---- turnout while it runs */

static bool note_voted(void *ctx, const struct ln_ballot *b, struct ln_err *err)
{
    char roll[LN_ID_TEXT + 1];

    (void)err;
    ln_clock_id_write(roll, &b->roll);
    json_object_set_new(ctx, roll, json_true());
    return true;
}

bool ln_survey_turnout(json_t **out, struct ln_sqlstore *s, const struct ln_def *def,
                       const json_t *survey, struct ln_err *err)
{
    const char *id_text = ln_special_word(survey, "id");
    json_t *rolls = NULL;
    json_t *secret = json_object();
    json_t *voted = json_array();
    struct ln_id id;
    size_t i;
    json_t *roll;
    bool ok = ln_special_rows(&rolls, s, def, "roll", "survey", id_text, LN_SURVEY_ROLL, err) &&
              ln_clock_id_read(&id, ln_span_of(id_text)) &&
              ln_ballot_each(ln_sqlstore_db(s), &id, false, note_voted, secret, err);

    *out = NULL;
    json_array_foreach(rolls, i, roll)
    {
        if (ln_special_word(roll, "voted")[0] != '\0' ||
            json_object_get(secret, ln_special_word(roll, "id")) != NULL)
            json_array_append_new(voted,
                                  json_pack("{s:O,s:s}", "heads", json_object_get(roll, "heads"),
                                            "weight", ln_special_word(roll, "area")));
    }
    if (ok) {
        *out = ln_tally_turnout(rolls, voted);
        json_object_del(*out, "paper");
        json_object_del(*out, "ballots");
        json_object_set_new(*out, "quorum",
                            json_boolean(ln_tally_quorum(*out, rule_of(survey, "quorum", "0/1"))));
    }
    json_decref(voted);
    json_decref(secret);
    json_decref(rolls);
    return ok;
}

const struct ln_special ln_survey_special[] = {
    { .collection = "survey", .before = before_survey, .after = after_survey, .tick = tick_survey },
    { .collection = "question", .before = before_question },
    { .collection = "roll", .before = ln_roll_before },
    { .collection = "objection", .before = before_objection, .after = after_objection },
    { .collection = "proposal", .before = before_proposal },
    { .collection = "support", .before = before_support, .after = after_support },
    { .collection = NULL },
};
