/* Checks at entry: see check.h. */
#include "node/module/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "node/region/region.h"
#include "sync/clock.h"

#define STR_MAX 200 /* characters: MODULES "Types" */
#define TEXT_MAX 16000
#define ROWS_MAX 500 /* of a list whose entries are objects: ballots of a big house fit */

/* ---- numbers with check digits */

bool ln_check_id_no(const char *text)
{
    static const int weight[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    static const char digit[] = "10X98765432";
    char birth[11];
    int sum = 0;

    if (strlen(text) != 18 || strspn(text, "0123456789") < 17)
        return false;
    for (int i = 0; i < 17; i++)
        sum += (text[i] - '0') * weight[i];
    (void)snprintf(birth, sizeof birth, "%.4s-%.2s-%.2s", text + 6, text + 10, text + 12);
    return toupper((unsigned char)text[17]) == digit[sum % 11] && ln_check_date(birth);
}

bool ln_check_credit_code(const char *text)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int weight = 1;
    int sum = 0;

    if (strlen(text) != 18)
        return false;
    for (int i = 0; i < 17; i++) {
        const char *at = strchr(alphabet, text[i]);
        if (at == NULL)
            return false;
        sum += (int)(at - alphabet) * weight;
        weight = weight * 3 % 31;
    }
    return text[17] == alphabet[(31 - sum % 31) % 31];
}

bool ln_check_phone(const char *text)
{
    size_t digits = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p >= '0' && *p <= '9')
            digits++;
        else if (strchr("+- ()", *p) == NULL)
            return false;
    }
    /* A mobile number has 11 digits; shorter ones that begin with 1 are service numbers such as
     * 12345. */
    return digits >= 3 && digits <= 15 && (text[0] != '1' || digits <= 6 || digits == 11);
}

bool ln_check_date(const char *text)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || strspn(text, "0123456789-") != 10)
        return false;
    long year = strtol(text, NULL, 10);
    long month = strtol(text + 5, NULL, 10);
    long day = strtol(text + 8, NULL, 10);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year > 0 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap);
}

/* ---- UTF-8 */

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static size_t bytes_of(const char *text, size_t chars)
{
    size_t at = 0;

    while (text[at] != '\0' && chars > 0) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
        chars--;
    }
    return at;
}

void ln_check_mask(char *out, size_t room, const struct ln_def_field *f, const char *text)
{
    size_t n = text != NULL ? characters(text) : 0;

    if (text == NULL || f->codes != NULL)
        (void)snprintf(out, room, "***");
    else if (n >= 7) {
        size_t head = bytes_of(text, 3);
        size_t tail = bytes_of(text, n - 4);
        (void)snprintf(out, room, "%.*s****%s", (int)head, text, text + tail);
    } else
        (void)snprintf(out, room, "%.*s**", (int)bytes_of(text, 1), text);
}

/* ---- one value */

#define GRID_MAX 15 /* sync/README.md "Audience" */
struct checking {
    json_t *out;
    const struct ln_def_coll *c;
    const json_t *f, *keep;
    const char *today;
    size_t errors;
};

static void say(struct checking *x, const struct ln_def_field *f, bool warning, const char *zh,
                const char *en)
{
    json_t *o = json_object();
    bool kept = warning && x->keep != NULL && json_is_string(json_object_get(x->keep, f->name));

    json_object_set_new(o, "field", json_string(f->name));
    json_object_set_new(o, "zh", json_sprintf("%s：%s", f->label.zh, zh));
    json_object_set_new(o, "en", json_sprintf("%s: %s", f->label.en, en));
    if (warning)
        json_object_set_new(o, "warning", json_true());
    if (kept)
        json_decref(o);
    else
        json_array_append_new(x->out, o);
    x->errors += !kept;
}

static bool in_codes(const struct ln_def_codes *set, const char *code)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, code) == 0)
            return true;
    return false;
}

static void check_named(struct checking *x, const struct ln_def_field *f, const char *text)
{
    if (strcmp(f->check, "id_no") == 0 && !ln_check_id_no(text))
        say(x, f, true, "校验位不符，请核对证件；确属证件如此，可注明原因后保留",
            "the check digit is wrong: check the document; if it says so, keep it with a reason");
    else if (strcmp(f->check, "credit_code") == 0 && !ln_check_credit_code(text))
        say(x, f, true, "统一社会信用代码校验位不符，请核对执照；确属如此，可注明原因后保留",
            "the check character is wrong: check the licence; if it says so, keep it with a "
            "reason");
    else if (strcmp(f->check, "phone") == 0 && !ln_check_phone(text))
        say(x, f, false, "不是电话号码，请填 11 位手机号，或带区号的座机，如 0571-88880000",
            "is no phone number: 11 digits of a mobile phone, or one with its area code such as "
            "0571-88880000");
    else if (strcmp(f->check, "region") == 0 && !ln_region_valid(text))
        say(x, f, false, "应为12位统计用区划代码", "must be a region code of 12 digits");
    else if (strcmp(f->check, "grid") == 0 &&
             (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(text) ||
              strlen(text) > GRID_MAX))
        say(x, f, false, "网格编号只能用小写字母和数字，最多 15 个",
            "a grid's code has lower-case letters and digits only, at most 15");
    else if (strcmp(f->check, "date_past") == 0 && strcmp(text, x->today) > 0)
        say(x, f, false, "不能晚于今天，请核对日期", "must not be after today: check the date");
    else if (strncmp(f->check, "date_order:", 11) == 0) {
        const char *first = json_string_value(json_object_get(x->f, f->check + 11));
        if (first != NULL && strcmp(text, first) < 0)
            say(x, f, false, "早于开始日期，请核对两个日期",
                "is before the first day: check both dates");
    }
}

static void say_limit(struct checking *x, const struct ln_def_field *f, size_t max)
{
    char zh[80];
    char en[80];

    (void)snprintf(zh, sizeof zh, "太长，请缩短到 %zu 个字以内", max);
    (void)snprintf(en, sizeof en, "is too long: at most %zu characters", max);
    say(x, f, false, zh, en);
}

static void check_text(struct checking *x, const struct ln_def_field *f, const json_t *v)
{
    const char *text = json_string_value(v);
    size_t max = f->has_max && f->type == LN_TYPE_STR ? (size_t)f->max
                 : f->type == LN_TYPE_TEXT            ? TEXT_MAX
                                                      : STR_MAX;

    if (text == NULL)
        say(x, f, false, "应为文字", "must be text");
    else if (characters(text) > max)
        say_limit(x, f, max);
    else if (f->type == LN_TYPE_CODE && f->codes != NULL && !in_codes(f->codes, text))
        say(x, f, false, "不在可选值中，请从列表中选择", "is none of the choices: pick one");
    else if (f->type == LN_TYPE_DATE && !ln_check_date(text))
        say(x, f, false, "应为日期，如 2026-11-24", "must be a date such as 2026-11-24");
    else if (f->type == LN_TYPE_REGION && !ln_region_valid(text))
        say(x, f, false, "应为12位统计用区划代码", "must be a region code of 12 digits");
    else if (f->type == LN_TYPE_REF) {
        struct ln_id id;
        if (!ln_clock_id_read(&id, ln_span_of(text)))
            say(x, f, false, "没有选中记录", "names no record");
    } else if (f->check != NULL)
        check_named(x, f, text);
}

static void say_range(struct checking *x, const struct ln_def_field *f)
{
    char zh[120];
    char en[120];

    if (f->has_min && f->has_max) {
        (void)snprintf(zh, sizeof zh, "超出范围，应在 %lld 到 %lld 之间", (long long)f->min,
                       (long long)f->max);
        (void)snprintf(en, sizeof en, "is out of range: from %lld to %lld", (long long)f->min,
                       (long long)f->max);
    } else {
        long long limit = (long long)(f->has_min ? f->min : f->max);
        (void)snprintf(zh, sizeof zh, f->has_min ? "不能小于 %lld" : "不能大于 %lld", limit);
        (void)snprintf(en, sizeof en, f->has_min ? "must be at least %lld" : "must be at most %lld",
                       limit);
    }
    say(x, f, false, zh, en);
}

static void check_number(struct checking *x, const struct ln_def_field *f, const json_t *v)
{
    json_int_t n = json_integer_value(v);

    if (!json_is_integer(v) || n > INT64_C(9007199254740991) || n < -INT64_C(9007199254740991))
        say(x, f, false, "应为整数，请只填数字", "must be a whole number: digits only");
    else if ((f->has_min && n < f->min) || (f->has_max && n > f->max))
        say_range(x, f);
}

static bool is_blob(const json_t *v)
{
    return json_string_length(json_object_get(v, "sha")) == 64 &&
           json_is_string(json_object_get(v, "type")) &&
           json_is_integer(json_object_get(v, "size")) &&
           json_is_integer(json_object_get(v, "stored"));
}

bool ln_check_file(const json_t *v)
{
    const json_t *small = json_object_get(v, "small");

    return is_blob(v) && json_is_string(json_object_get(v, "key")) &&
           json_is_string(json_object_get(v, "name")) &&
           json_object_size(v) == (small != NULL ? 7 : 6) &&
           (small == NULL || (is_blob(small) && json_object_size(small) == 4));
}

static void check_files(struct checking *x, const struct ln_def_field *f, const json_t *v)
{
    size_t n = json_array_size(v);

    if (!json_is_array(v) || n > LN_CHECK_FILES) {
        say(x, f, false, "最多 12 个附件", "takes at most 12 files");
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!ln_check_file(json_array_get(v, i))) {
            say(x, f, false, "附件不对，请重新选择",
                "has a wrong attachment: choose the file again");
            return;
        }
}

static void check_value(struct checking *x, const struct ln_def_field *f, const json_t *v);

static const struct ln_def_field *item_of(const struct ln_def_field *f, const char *name)
{
    for (size_t i = 0; i < f->n_items; i++)
        if (strcmp(f->items[i].name, name) == 0)
            return &f->items[i];
    return NULL;
}

/* One row of such a list; what is wrong with it is told with its number. */
static void check_row(struct checking *x, const struct ln_def_field *f, const json_t *row,
                      size_t no)
{
    struct checking y = { .out = json_array(), .c = x->c, .f = row, .today = x->today };
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        const struct ln_def_field *d = item_of(f, key);
        struct ln_def_field unknown = { .name = key, .label = { key, key } };
        if (d == NULL)
            say(&y, &unknown, false, "没有这一项", "is no field");
        else if (!json_is_null(value))
            check_value(&y, d, value);
    }
    for (i = 0; i < f->n_items; i++)
        if (f->items[i].required && json_object_get(row, f->items[i].name) == NULL)
            say(&y, &f->items[i], false, "必填", "is required");
    if (!json_is_object(row))
        say(&y, f, false, "格式不对", "has another form");
    json_array_foreach(y.out, i, value)
    {
        char zh[256];
        char en[256];
        (void)snprintf(zh, sizeof zh, "第 %zu 行 %s", no,
                       json_string_value(json_object_get(value, "zh")));
        (void)snprintf(en, sizeof en, "row %zu, %s", no,
                       json_string_value(json_object_get(value, "en")));
        say(x, f, false, zh, en);
    }
    json_decref(y.out);
}

static void check_list(struct checking *x, const struct ln_def_field *f, const json_t *v)
{
    size_t i;
    json_t *one;

    if (!json_is_array(v)) {
        say(x, f, false, "应为列表", "must be a list");
        return;
    }
    if (f->required && json_array_size(v) == 0)
        say(x, f, false, "必填", "is required");
    if (f->n_items > 0) {
        if (json_array_size(v) > ROWS_MAX)
            say(x, f, false, "最多 500 行", "takes at most 500 rows");
        for (i = 0; i < json_array_size(v) && i < ROWS_MAX; i++)
            check_row(x, f, json_array_get(v, i), i + 1);
        return;
    }
    json_array_foreach(
        v, i, one) if (f->codes != NULL &&
                       (!json_is_string(one) || !in_codes(f->codes, json_string_value(one))))
    {
        say(x, f, false, "不在可选值中", "is none of the choices");
        return;
    }
}

/* Keys of a map travel as names do (sync/README.md "Change"). */
static void check_map(struct checking *x, const struct ln_def_field *f, const json_t *v)
{
    const char *key;
    json_t *value;

    if (!json_is_object(v)) {
        say(x, f, false, "格式不对", "has another form");
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, value)
    {
        size_t n = strlen(key);
        bool plain = n > 0 && n <= 64;
        (void)value;
        for (size_t i = 0; i < n; i++)
            plain = plain && key[i] > ' ' && key[i] < 0x7f;
        if (!plain) {
            say(x, f, false, "每行冒号前的名称只能用英文字母和数字",
                "the names before the colons may hold letters and digits only");
            return;
        }
    }
}

static void check_value(struct checking *x, const struct ln_def_field *f, const json_t *v)
{
    switch (f->type) {
    case LN_TYPE_STR:
    case LN_TYPE_TEXT:
    case LN_TYPE_DATE:
    case LN_TYPE_CODE:
    case LN_TYPE_REF:
    case LN_TYPE_REGION:
    case LN_TYPE_DEC:
        check_text(x, f, v);
        break;
    case LN_TYPE_INT:
    case LN_TYPE_FEN:
    case LN_TYPE_TS:
        check_number(x, f, v);
        break;
    case LN_TYPE_BOOL:
        if (!json_is_boolean(v))
            say(x, f, false, "应为是或否", "must be true or false");
        break;
    case LN_TYPE_LIST:
        check_list(x, f, v);
        break;
    case LN_TYPE_FILE:
        if (!ln_check_file(v))
            say(x, f, false, "附件不对，请重新选择", "is no attachment: choose the file again");
        break;
    case LN_TYPE_FILES:
        check_files(x, f, v);
        break;
    case LN_TYPE_MAP:
        check_map(x, f, v);
        break;
    case LN_TYPE_GEO:
        if (!json_is_object(v))
            say(x, f, false, "格式不对", "has another form");
        break;
    }
}

size_t ln_check_fields(json_t *out, const struct ln_def_coll *c, const json_t *f, bool partial,
                       const json_t *keep, const char *today)
{
    struct checking x = { .out = out, .c = c, .f = f, .keep = keep, .today = today };
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)f, key, value)
    {
        const struct ln_def_field *d = ln_def_field(c, key);
        struct ln_def_field unknown = { .name = key, .label = { key, key } };
        if (d == NULL)
            say(&x, &unknown, false, "没有这一项", "is no field");
        else if (json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0)) {
            if (d->required)
                say(&x, d, false, "必填", "is required");
        } else
            check_value(&x, d, value);
    }
    for (size_t i = 0; !partial && i < c->n_fields; i++)
        if (c->fields[i].required && !c->fields[i].internal && !c->fields[i].readonly &&
            json_object_get(f, c->fields[i].name) == NULL)
            say(&x, &c->fields[i], false, "必填", "is required");
    return x.errors;
}
