/* Casting ballots (MODULES M9), printing ballot papers, and how many have voted. */
#include <stdio.h>
#include <string.h>

#include "node/module/survey.h"
#include "node/module/tally.h"
#include "node/store/ballot.h"
#include "node/syncer.h"
#include "node/web/routes.h"

#define ROLLS_SHOWN 20 /* votes of one person in one survey */

static bool survey_of(json_t **out, struct ln_call *c, struct ln_err *err)
{
    const struct ln_def_coll *d = ln_def_find(c->n->def, "survey");
    struct ln_id id;

    *out = NULL;
    if (ln_clock_id_read(&id, ln_span_of(c->q->arg[0])) &&
        !ln_query_record(out, c->r->store, &id, err))
        return false;
    if (*out != NULL && strcmp(ln_web_text(*out, "collection"), "survey") == 0 &&
        ln_engine_may_read(d, &c->user, *out))
        return true;
    json_decref(*out);
    *out = NULL;
    return ln_fail(err, LN_MISSING, "no such survey");
}

/* Whether the person has voted with this one: as the roll says, or the local table. */
static bool how_voted(char how[16], struct ln_call *c, const json_t *roll,
                      const struct ln_id *survey, struct ln_err *err)
{
    const char *open = ln_web_text(json_object_get(roll, "f"), "voted");
    struct ln_id id;

    how[0] = '\0';
    if (open[0] != '\0') {
        (void)snprintf(how, 16, "%.15s", open);
        return true;
    }
    return !ln_clock_id_read(&id, ln_span_of(ln_web_text(roll, "id"))) ||
           ln_ballot_find(how, ln_sqlstore_db(c->r->store), survey, &id, err);
}

static bool own_rolls(json_t *out, struct ln_call *c, const json_t *survey, const char *person,
                      struct ln_err *err)
{
    const char *id_text = ln_web_text(survey, "id");
    const struct ln_where where[] = { { "survey", LN_WHERE_IS, id_text },
                                      { "holder", LN_WHERE_IS, person } };
    struct ln_list l = {
        .coll = ln_def_find(c->n->def, "roll")->coll, .where = where, .n = 2, .limit = ROLLS_SHOWN
    };
    json_t *rows = json_array();
    struct ln_id id;
    size_t i;
    json_t *row;
    bool ok = ln_clock_id_read(&id, ln_span_of(id_text)) &&
              (person[0] == '\0' || ln_query_list(rows, NULL, c->r->store, &l, err));

    json_array_foreach(rows, i, row)
    {
        char how[16];
        ok = ok && how_voted(how, c, row, &id, err);
        if (ok)
            json_array_append_new(
                out, json_pack("{s:s,s:s,s:s,s:s}", "roll", ln_web_text(row, "id"), "name",
                               ln_web_text(json_object_get(row, "f"), "name"), "area",
                               ln_web_text(json_object_get(row, "f"), "area"), "voted", how));
    }
    json_decref(rows);
    return ok;
}

/* Whom the caller votes for: themselves, or somebody they stand for. */
static bool voter_of(const char **person, struct ln_call *c, const char *behalf, struct ln_err *err)
{
    char today[11];
    bool may;

    *person = c->user.person;
    if (behalf == NULL || behalf[0] == '\0')
        return true;
    ln_engine_today(today, c->n->env.now_ms(c->n->env.ctx));
    *person = behalf;
    return ln_engine_stands_for(&may, c->r->store, c->n->def, &c->user, behalf, "survey", today,
                                err) &&
           (may || ln_fail(err, LN_DENIED, "no delegation to act for that person"));
}

bool ln_api_survey_get(struct ln_call *c, struct ln_err *err)
{
    json_t *survey = NULL;
    json_t *questions = NULL;
    json_t *rolls = json_array();
    json_t *turnout = NULL;
    const char *person;
    bool ok = voter_of(&person, c, ln_http_query(c->q, "person"), err) &&
              survey_of(&survey, c, err) &&
              ln_special_rows(&questions, c->r->store, c->n->def, "question", "survey",
                              ln_web_text(survey, "id"), LN_TALLY_QUESTIONS, err) &&
              (!c->known || own_rolls(rolls, c, survey, person, err)) &&
              ln_survey_turnout(&turnout, c->r->store, c->n->def, survey, err);

    for (size_t i = 0; i < json_array_size(questions); i++)
        json_object_del(json_array_get(questions, i), "author");
    ok =
        ok && ln_web_json(c, 200,
                          json_pack("{s:O,s:O,s:O,s:O}", "questions", questions, "rolls", rolls,
                                    "turnout", turnout, "state", json_object_get(survey, "state")));
    json_decref(turnout);
    json_decref(rolls);
    json_decref(questions);
    json_decref(survey);
    return ok;
}

static bool done(struct ln_call *c, bool ok, json_t *problems)
{
    if (ok)
        json_decref(problems);
    else
        c->fields = problems;
    return ok;
}

bool ln_api_survey_vote(struct ln_call *c, struct ln_err *err)
{
    struct ln_survey_ballot b = { .e = &c->n->engine, .u = &c->user, .survey = c->q->arg[0] };
    const char *behalf = ln_web_text(c->body, "on_behalf_of");
    json_t *survey = NULL;

    if (!ln_web_object(c, err))
        return false;
    b.answers = json_object_get(c->body, "answers");
    b.roll = ln_web_text(c->body, "roll");
    b.token = ln_web_text(c->body, "token");
    b.witness = ln_web_text(c->body, "witness");
    b.channel = ln_web_text(c->body, "channel");
    if (!c->known)
        return ln_fail(err, LN_DENIED, "log in to vote");
    if (!json_is_object(b.answers))
        return ln_fail(err, LN_INVALID, "answers is an object: question number and answer");
    if (!voter_of(&b.person, c, behalf, err) || !survey_of(&survey, c, err))
        return false;
    bool secret = strcmp(ln_web_text(json_object_get(survey, "f"), "secrecy"), "open") != 0;
    json_decref(survey);
    if (behalf[0] != '\0' && secret && ln_engine_staff(&c->user) &&
        strcmp(behalf, c->user.person) != 0) {
        c->fields = json_pack("[{s:s,s:s,s:s}]", "field", "", "zh",
                              "不记名投票不能由工作人员代填，请用纸质票", "en",
                              "a secret vote is not cast by staff for another: use a paper ballot");
        return ln_fail(err, LN_DENIED, "secret votes are not cast for others");
    }
    bool ok = ln_queue_write(c->n->queue, ln_survey_vote, &b, err);
    ok = done(c, ok, b.problems);
    if (ok && c->n->syncer != NULL)
        ln_syncer_poke(c->n->syncer);
    return ok && ln_web_json(c, 200, json_pack("{s:b}", "taken", 1));
}

bool ln_api_survey_papers(struct ln_call *c, struct ln_err *err)
{
    struct ln_survey_papers p = {
        .e = &c->n->engine, .u = &c->user, .survey = c->q->arg[0], .out = json_array()
    };
    bool ok = ln_web_object(c, err);

    p.rolls = json_object_get(c->body, "rolls");
    ok = ok && ln_queue_write(c->n->queue, ln_survey_papers, &p, err);
    ok = done(c, ok, p.problems) && ln_web_json(c, 200, json_pack("{s:O}", "papers", p.out));
    json_decref(p.out);
    return ok;
}
