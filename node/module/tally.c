/* Answers and what they come to: see tally.h. */
#include "node/module/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/module/check.h"

static const char *word(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s != NULL ? s : "";
}

static bool is_kind(const json_t *question, const char *kind)
{
    return strcmp(word(question, "kind"), kind) == 0;
}

static void key_of(char out[16], const json_t *question)
{
    (void)snprintf(out, 16, "%d", (int)json_integer_value(json_object_get(question, "no")));
}

/* ---- whether answers fit */

static void say(json_t *out, const char *no, const char *zh, const char *en)
{
    json_array_append_new(out, json_pack("{s:s,s:o,s:o}", "field", no, "zh",
                                         json_sprintf("第 %s 题：%s", no, zh), "en",
                                         json_sprintf("question %s: %s", no, en)));
}

static size_t option_at(const json_t *question, const char *label)
{
    const json_t *options = json_object_get(question, "options");
    size_t n = json_array_size(options);

    for (size_t i = 0; label != NULL && i < n; i++)
        if (strcmp(word(json_array_get(options, i), "label"), label) == 0)
            return i;
    return SIZE_MAX;
}

static bool among(const json_t *given, const char *text)
{
    size_t i;
    json_t *v;

    if (json_is_string(given))
        return strcmp(json_string_value(given), text) == 0;
    json_array_foreach((json_t *)(uintptr_t)given, i, v)
    {
        if (json_is_string(v) && strcmp(json_string_value(v), text) == 0)
            return true;
    }
    return false;
}

static bool is_shown(const json_t *question, const json_t *answers)
{
    const json_t *rule = json_object_get(question, "show_if");
    const char *no = word(rule, "no");

    return no[0] == '\0' || among(json_object_get(answers, no), word(rule, "is"));
}

/* Options of the question, none twice. */
static bool are_options(const json_t *question, const json_t *list)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > json_array_size(json_object_get(question, "options")))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *label = json_string_value(json_array_get(list, i));
        if (option_at(question, label) == SIZE_MAX)
            return false;
        for (size_t k = 0; k < i; k++)
            if (json_equal(json_array_get(list, i), json_array_get(list, k)))
                return false;
    }
    return true;
}

static void check_choice(json_t *out, const char *no, const json_t *question, const json_t *v)
{
    const json_t *most = json_object_get(question, "most");

    if (is_kind(question, "single")) {
        if (option_at(question, json_string_value(v)) == SIZE_MAX)
            say(out, no, "请选一项", "choose one");
    } else if (!are_options(question, v))
        say(out, no, "选项不对", "these are not its options");
    else if (is_kind(question, "rank") &&
             json_array_size(v) != json_array_size(json_object_get(question, "options")))
        say(out, no, "请给每一项排序", "rank every option");
    else if (json_is_integer(most) && json_array_size(v) > (size_t)json_integer_value(most))
        say(out, no, "选多了", "too many are chosen");
}

static void check_one(json_t *out, const char *no, const json_t *question, const json_t *v)
{
    const char *text = json_string_value(v);

    if (is_kind(question, "single") || is_kind(question, "multi") || is_kind(question, "rank"))
        check_choice(out, no, question, v);
    else if (is_kind(question, "text")) {
        if (text == NULL || strlen(text) > LN_TALLY_TEXT)
            say(out, no, "应为不太长的文字", "must be a text of moderate length");
    } else if (is_kind(question, "date")) {
        if (text == NULL || !ln_check_date(text))
            say(out, no, "应为日期，如 2026-11-24", "must be a date such as 2026-11-24");
    } else if (!json_is_integer(v))
        say(out, no, "应为整数", "must be a whole number");
    else if (is_kind(question, "scale") &&
             (json_integer_value(v) < 1 || json_integer_value(v) > 10))
        say(out, no, "应在 1 到 10 之间", "must be between 1 and 10");
    else if (llabs(json_integer_value(v)) > 1000000000000)
        say(out, no, "太大", "is too large");
}

size_t ln_tally_check(json_t *out, const json_t *questions, const json_t *answers)
{
    size_t before = json_array_size(out);
    json_t *known = json_object();
    size_t i;
    json_t *q;
    const char *key;
    json_t *v;

    json_array_foreach((json_t *)(uintptr_t)questions, i, q)
    {
        char no[16];
        key_of(no, q);
        v = json_object_get(answers, no);
        bool shown = is_shown(q, answers);
        json_object_set_new(known, no, json_boolean(shown));
        if (shown && v != NULL)
            check_one(out, no, q, v);
        else if (shown && json_is_true(json_object_get(q, "required")))
            say(out, no, "必答", "must be answered");
    }
    json_object_foreach((json_t *)(uintptr_t)answers, key, v)
    {
        if (!json_is_true(json_object_get(known, key)))
            say(out, key, "没有这一题，或不用回答",
                "there is no such question, or it is not asked");
    }
    json_decref(known);
    return json_array_size(out) - before;
}

/* ---- areas and fractions */

bool ln_tally_area(int64_t *out, const char *text)
{
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    size_t part = rest[0] == '.' ? strspn(rest + 1, "0123456789") : 0;

    if (whole == 0 || whole > 7 || part > 2 || (rest[0] == '.' && part == 0) ||
        rest[part + (rest[0] == '.')] != '\0')
        return false;
    *out = strtol(text, NULL, 10) * 100;
    if (part > 0)
        *out += strtol(rest + 1, NULL, 10) * (part == 1 ? 10 : 1);
    return true;
}

void ln_tally_area_text(char out[24], int64_t hundredths)
{
    (void)snprintf(out, 24, "%lld.%02lld", (long long)(hundredths / 100),
                   (long long)(hundredths % 100));
}

static bool read_fraction(int64_t *a, int64_t *b, const char *text)
{
    char *slash;
    char *end;

    *a = strtol(text, &slash, 10);
    if (slash == text || *slash != '/')
        return false;
    *b = strtol(slash + 1, &end, 10);
    return end != slash + 1 && *end == '\0' && *b > 0 && *b <= 1000 && *a >= 0 && *a <= *b;
}

bool ln_tally_fraction(const char *text)
{
    int64_t a;
    int64_t b;

    return read_fraction(&a, &b, text);
}

bool ln_tally_reaches(int64_t part, int64_t whole, const char *fraction, bool above)
{
    int64_t a;
    int64_t b;

    if (!read_fraction(&a, &b, fraction) || whole <= 0)
        return false;
    return above ? part * b > whole * a : part * b >= whole * a;
}

/* ---- counting */

json_t *ln_tally_last(const json_t *ballots)
{
    json_t *by_token = json_object();
    json_t *out = json_array();
    size_t i;
    json_t *b;
    const char *token;

    json_array_foreach((json_t *)(uintptr_t)ballots, i, b)
    {
        json_object_set(by_token, word(b, "token"), b);
    }
    json_object_foreach(by_token, token, b)
    {
        (void)token;
        json_array_append(out, b);
    }
    json_decref(by_token);
    return out;
}

static int64_t area_of(const json_t *f, const char *name)
{
    int64_t area = 0;

    return ln_tally_area(&area, word(f, name)) ? area : 0;
}

static int64_t heads_of(const json_t *f)
{
    const json_t *h = json_object_get(f, "heads");

    return json_is_integer(h) ? json_integer_value(h) : 1;
}

static void add_to(json_t *cell, int64_t heads, int64_t area)
{
    char text[24];

    json_object_set_new(cell, "heads",
                        json_integer(json_integer_value(json_object_get(cell, "heads")) + heads));
    ln_tally_area_text(text, area_of(cell, "area") + area);
    json_object_set_new(cell, "area", json_string(text));
}

static json_t *cell_of(const json_t *cells, const char *option)
{
    for (size_t i = 0; option != NULL && i < json_array_size(cells); i++)
        if (strcmp(word(json_array_get(cells, i), "option"), option) == 0)
            return json_array_get(cells, i);
    return NULL;
}

static void count_ballot(json_t *cells, const json_t *question, const json_t *v, int64_t heads,
                         int64_t area)
{
    size_t n = json_array_size(v);

    if (json_is_string(v))
        add_to(cell_of(cells, json_string_value(v)), heads, area);
    for (size_t i = 0; i < n; i++) {
        int64_t points = is_kind(question, "rank") ? (int64_t)(n - i) : 1;
        add_to(cell_of(cells, json_string_value(json_array_get(v, i))), heads * points,
               area * points);
    }
}

static json_t *count_choices(const json_t *question, const char *no, const json_t *last)
{
    json_t *cells = json_array();
    size_t i;
    json_t *o;

    json_array_foreach(json_object_get(question, "options"), i, o)
    {
        json_array_append_new(cells, json_pack("{s:s,s:i,s:s}", "option", word(o, "label"), "heads",
                                               0, "area", "0.00"));
    }
    json_array_foreach((json_t *)(uintptr_t)last, i, o)
    {
        const json_t *v = json_object_get(json_object_get(o, "answers"), no);
        if (v != NULL)
            count_ballot(cells, question, v, heads_of(o), area_of(o, "weight"));
    }
    return cells;
}

static json_t *count_values(const json_t *question, const char *no, const json_t *last)
{
    bool number = is_kind(question, "number") || is_kind(question, "scale");
    int64_t n = 0;
    int64_t sum = 0;
    size_t i;
    json_t *b;

    json_array_foreach((json_t *)(uintptr_t)last, i, b)
    {
        const json_t *v = json_object_get(json_object_get(b, "answers"), no);
        n += v != NULL;
        sum += json_integer_value(v);
    }
    return number ? json_pack("{s:I,s:I}", "n", (json_int_t)n, "sum", (json_int_t)sum)
                  : json_pack("{s:I}", "n", (json_int_t)n);
}

json_t *ln_tally_count(const json_t *questions, const json_t *last)
{
    json_t *out = json_object();
    size_t i;
    json_t *q;

    json_array_foreach((json_t *)(uintptr_t)questions, i, q)
    {
        char no[16];
        bool choices = is_kind(q, "single") || is_kind(q, "multi") || is_kind(q, "rank");
        key_of(no, q);
        json_object_set_new(out, no,
                            choices ? count_choices(q, no, last) : count_values(q, no, last));
    }
    return out;
}

json_t *ln_tally_turnout(const json_t *roll, const json_t *last)
{
    int64_t heads = 0;
    int64_t heads_all = 0;
    int64_t area = 0;
    int64_t area_all = 0;
    int64_t paper = 0;
    char a[24];
    char b[24];
    size_t i;
    json_t *f;

    json_array_foreach((json_t *)(uintptr_t)roll, i, f)
    {
        heads_all += heads_of(f);
        area_all += area_of(f, "area");
    }
    json_array_foreach((json_t *)(uintptr_t)last, i, f)
    {
        heads += heads_of(f);
        area += area_of(f, "weight");
        paper += strcmp(word(f, "how"), "paper") == 0;
    }
    ln_tally_area_text(a, area);
    ln_tally_area_text(b, area_all);
    return json_pack("{s:I,s:I,s:s,s:s,s:I,s:I}", "heads", (json_int_t)heads, "heads_all",
                     (json_int_t)heads_all, "area", a, "area_all", b, "ballots",
                     (json_int_t)json_array_size(last), "paper", (json_int_t)paper);
}

bool ln_tally_quorum(const json_t *turnout, const char *quorum)
{
    int64_t all = area_of(turnout, "area_all");

    return ln_tally_reaches(json_integer_value(json_object_get(turnout, "heads")),
                            json_integer_value(json_object_get(turnout, "heads_all")), quorum,
                            false) &&
           (all == 0 || ln_tally_reaches(area_of(turnout, "area"), all, quorum, false));
}

json_t *ln_tally_passed(const json_t *questions, const json_t *counts, const json_t *turnout,
                        const char *quorum, const char *pass)
{
    json_t *out = json_object();
    bool enough = ln_tally_quorum(turnout, quorum);
    bool above = strcmp(pass, "1/2") == 0;
    int64_t heads = json_integer_value(json_object_get(turnout, "heads"));
    int64_t area = area_of(turnout, "area");
    bool by_area = area_of(turnout, "area_all") > 0;
    size_t i;
    json_t *q;

    json_array_foreach((json_t *)(uintptr_t)questions, i, q)
    {
        char no[16];
        const char *first = word(json_array_get(json_object_get(q, "options"), 0), "label");
        if (!is_kind(q, "single"))
            continue;
        key_of(no, q);
        const json_t *cell = cell_of(json_object_get(counts, no), first);
        bool good = enough &&
                    ln_tally_reaches(json_integer_value(json_object_get(cell, "heads")), heads,
                                     pass, above) &&
                    (!by_area || ln_tally_reaches(area_of(cell, "area"), area, pass, above));
        json_object_set_new(out, no, json_boolean(good));
    }
    return out;
}
