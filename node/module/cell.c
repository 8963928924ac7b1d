/* Cells of a spreadsheet as values: see cell.h. */
#include "node/module/cell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "node/module/check.h"

#define SHOWN 8 /* choices that a refusal names */
#define CHINA_S 28800

/* ---- text as it is compared */

/* Full-width letters, digits and signs as plain ones; with `tight` blanks and dashes go. */
static void narrow(char *out, size_t room, const char *text, bool tight)
{
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)text; *p != '\0' && n + 4 < room; p++) {
        unsigned char c = *p;
        if (p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x81) { /* U+FF01..U+FF3F */
            c = (unsigned char)(p[2] - 0x81 + 0x21);
            p += 2;
        } else if (p[0] == 0xef && p[1] == 0xbd && p[2] >= 0x80 && p[2] <= 0x9e) { /* ..U+FF5E */
            c = (unsigned char)(p[2] - 0x80 + 0x60);
            p += 2;
        } else if (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80) { /* U+3000 */
            c = ' ';
            p += 2;
        } else if (p[0] == 0xc2 && p[1] == 0xa0) { /* U+00A0 */
            c = ' ';
            p += 1;
        }
        if (!tight || (c != ' ' && c != '-' && c != '\t'))
            out[n++] = (char)c;
    }
    out[n] = '\0';
}

/* A header without blanks, stars, line ends, and without a remark in brackets at its end. */
static void plain_header(char out[LN_CELL_MAX], const char *text)
{
    char wide[LN_CELL_MAX];
    size_t n = 0;

    narrow(wide, sizeof wide, text, false);
    for (const char *p = wide; *p != '\0'; p++)
        if (strchr(" \t\r\n*:", *p) == NULL)
            out[n++] = (char)tolower((unsigned char)*p);
    out[n] = '\0';
    const char *bracket = strrchr(out, '(');
    if (bracket != NULL && bracket != out && bracket[strlen(bracket) - 1] == ')')
        out[bracket - out] = '\0';
}

static bool same_header(const char *header, const char *word)
{
    char a[LN_CELL_MAX];
    char b[LN_CELL_MAX];

    plain_header(a, header);
    plain_header(b, word);
    return strcmp(a, b) == 0;
}

bool ln_cell_header(const struct ln_def_field *f, const json_t *more, const char *header)
{
    size_t i;
    json_t *one;

    if (f->type == LN_TYPE_FILE || f->type == LN_TYPE_FILES || f->n_items > 0)
        return false; /* a cell cannot hold it */
    if (same_header(header, f->label.zh) || same_header(header, f->label.en) ||
        same_header(header, f->name))
        return true;
    json_array_foreach(more, i, one)
    {
        if (same_header(header, json_string_value(one)))
            return true;
    }
    return false;
}

/* ---- numbers that a spreadsheet has rounded */

static bool is_long_number(const struct ln_def_field *f)
{
    return f->check != NULL &&
           (strcmp(f->check, "id_no") == 0 || strcmp(f->check, "credit_code") == 0);
}

/* 3.30106E+17, 1.38E10 */
static bool is_scientific(const char *text)
{
    size_t n = strspn(text, "0123456789.");

    if (n == 0 || (text[n] != 'E' && text[n] != 'e'))
        return false;
    text += n + 1;
    text += *text == '+';
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

enum ln_cell_rounded ln_cell_rounding(const struct ln_def_field *f,
                                      const struct ln_sheet_cell *cell)
{
    char text[LN_CELL_MAX];
    size_t len;

    if (f->type != LN_TYPE_STR && f->type != LN_TYPE_REGION)
        return LN_CELL_EXACT;
    narrow(text, sizeof text, cell->text, true);
    len = strlen(text);
    bool digits = strspn(text, "0123456789") == len;
    if (is_scientific(text))
        return LN_CELL_ROUNDED;
    if (cell->number && digits && len > 15)
        return LN_CELL_ROUNDED;
    if (is_long_number(f) && len >= 16 && digits && strcmp(text + len - 3, "000") == 0)
        return ln_check_id_no(text) ? LN_CELL_MAYBE : LN_CELL_ROUNDED;
    return LN_CELL_EXACT;
}

void ln_cell_say_rounded(struct ln_cell_words *why, enum ln_cell_rounded how)
{
    bool sure = how == LN_CELL_ROUNDED;

    (void)snprintf(why->zh, sizeof why->zh, "%s",
                   sure ? "表格软件已把号码四舍五入，末几位丢失；请先把该列设为“文本”格式，再按证件"
                          "重新填写这个号码"
                        : "末三位是 000，可能被表格软件四舍五入；请核对证件，确属如此可注明原因后"
                          "保留");
    (void)snprintf(why->en, sizeof why->en, "%s",
                   sure ? "the spreadsheet has rounded this number and its last digits are lost: "
                          "make the column text and type the number again from the document"
                        : "it ends in 000 and may have been rounded by the spreadsheet: check the "
                          "document, keep it with a reason if it is right");
}

/* ---- single kinds of values */

static void refuse(struct ln_cell_words *why, const char *text, const char *zh, const char *en)
{
    size_t n = 0; /* at most 24 characters of what was typed */

    for (size_t chars = 0; text[n] != '\0' && chars < 24; chars++)
        for (n++; ((unsigned char)text[n] & 0xc0) == 0x80;)
            n++;
    (void)snprintf(why->zh, sizeof why->zh, "“%.*s”%s", (int)n, text, zh);
    (void)snprintf(why->en, sizeof why->en, "\"%.*s\" %s", (int)n, text, en);
}

/* Three numbers with whatever stands between them. */
static bool three_numbers(char out[16], const char *text)
{
    unsigned long v[3] = { 0, 0, 0 };

    for (int i = 0; i < 3; i++) {
        char *end;
        text += i > 0 ? strcspn(text, "0123456789") : 0;
        v[i] = strtoul(text, &end, 10);
        if (end == text || v[i] > 9999)
            return false;
        text = end;
    }
    if (v[0] < 1800 || v[1] > 99 || v[2] > 99)
        return false;
    (void)snprintf(out, 16, "%04u-%02u-%02u", (unsigned)v[0], (unsigned)v[1], (unsigned)v[2]);
    return ln_check_date(out);
}

/* 1990-01-31, 1990/1/31, 1990.01.31, 1990年1月31日, 19900131, or a spreadsheet's day number. */
static bool date_of(char out[16], const char *text, bool number)
{
    size_t len = strlen(text);
    double day = number ? strtod(text, NULL) : 0;

    if (number && day >= 10000 && day < 100000) { /* 1927-05-18 .. 2173-10-13 */
        time_t t = ((time_t)day - 25569) * 86400;
        struct tm tm = { 0 };
        (void)gmtime_r(&t, &tm);
        return strftime(out, 16, "%Y-%m-%d", &tm) > 0;
    }
    if (len == 8 && strspn(text, "0123456789") == 8) {
        (void)snprintf(out, 16, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
        return ln_check_date(out);
    }
    return three_numbers(out, text);
}

static json_t *date_value(const char *text, bool number, struct ln_cell_words *why)
{
    char out[16];

    if (date_of(out, text, number))
        return json_string(out);
    refuse(why, text, "不是有效的日期，请改为如 1990-01-31 的年-月-日",
           "is no day of the calendar: write it as 1990-01-31");
    return NULL;
}

/* 2026-11-23 08:30 in China, or ms. */
static json_t *ts_value(const char *text, struct ln_cell_words *why)
{
    char day[16];
    struct tm tm = { 0 };
    const char *clock = strchr(text, ':');

    if (strlen(text) >= 12 && strspn(text, "0123456789") == strlen(text))
        return json_integer(strtoll(text, NULL, 10));
    if (!three_numbers(day, text)) {
        refuse(why, text, "不是时间，请改为如 2026-11-23 08:30",
               "is no time: write it as 2026-11-23 08:30");
        return NULL;
    }
    tm.tm_year = (int)strtol(day, NULL, 10) - 1900;
    tm.tm_mon = (int)strtol(day + 5, NULL, 10) - 1;
    tm.tm_mday = (int)strtol(day + 8, NULL, 10);
    if (clock != NULL && clock - text >= 2) {
        tm.tm_hour = (int)strtol(clock[-2] == ' ' ? clock - 1 : clock - 2, NULL, 10);
        tm.tm_min = (int)strtol(clock + 1, NULL, 10);
    }
    return json_integer(((json_int_t)timegm(&tm) - CHINA_S) * 1000);
}

static const char *code_in(const struct ln_def_codes *set, const char *code)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, code) == 0)
            return set->list[i].code;
    return NULL;
}

/* A word of the definition's own list, perhaps by another field: 子女 is a son or a daughter. */
static const char *code_of_word(const struct ln_def_codes *set, const json_t *words,
                                const json_t *row, const char *text)
{
    const json_t *w = json_object_get(words, text);

    if (json_is_object(w)) {
        const char *by = json_string_value(json_object_get(w, "by"));
        const char *value = by != NULL ? json_string_value(json_object_get(row, by)) : NULL;
        const json_t *one = json_object_get(w, value != NULL ? value : "");
        w = one != NULL ? one : json_object_get(w, "");
    }
    return json_is_string(w) ? code_in(set, json_string_value(w)) : NULL;
}

static const char *code_of(const struct ln_def_codes *set, const json_t *words, const json_t *row,
                           const char *text)
{
    const char *begins = NULL;
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].code, text) == 0 || strcmp(set->list[i].label.zh, text) == 0 ||
            strcmp(set->list[i].label.en, text) == 0)
            return set->list[i].code;
    const char *code = code_of_word(set, words, row, text);
    for (size_t i = 0; code == NULL && i < set->n; i++) /* 汉 for 汉族, if no other begins so */
        if (strncmp(set->list[i].label.zh, text, strlen(text)) == 0) {
            begins = set->list[i].code;
            n++;
        }
    return code != NULL ? code : n == 1 ? begins : NULL;
}

static json_t *code_value(const struct ln_def_field *f, const json_t *words, const json_t *row,
                          const char *text, struct ln_cell_words *why)
{
    const char *code = code_of(f->codes, words, row, text);
    struct ln_buf zh = ln_buf_new(384);
    struct ln_buf en = ln_buf_new(384);

    if (code != NULL) {
        ln_buf_free(&zh);
        ln_buf_free(&en);
        return json_string(code);
    }
    ln_buf_adds(&zh, "不在可选值中，请改为：");
    ln_buf_adds(&en, "is none of the choices; write one of: ");
    for (size_t i = 0; i < f->codes->n && i < SHOWN; i++) {
        ln_buf_addf(&zh, "%s%s", i > 0 ? " / " : "", f->codes->list[i].label.zh);
        ln_buf_addf(&en, "%s%s", i > 0 ? " / " : "", f->codes->list[i].label.en);
    }
    if (f->codes->n > SHOWN) {
        ln_buf_addf(&zh, " 等 %zu 种", f->codes->n);
        ln_buf_addf(&en, " and %zu more", f->codes->n - SHOWN);
    }
    refuse(why, text, zh.data, en.data);
    ln_buf_free(&zh);
    ln_buf_free(&en);
    return NULL;
}

static json_t *int_value(const char *text, struct ln_cell_words *why)
{
    char *end;
    long long n = strtoll(text, &end, 10);

    if (end != text && (*end == '\0' || strspn(end, ".0") == strlen(end)))
        return json_integer(n);
    refuse(why, text, "不是整数，请只填数字", "is no whole number: digits only");
    return NULL;
}

/* Yuan with at most two decimals, as lists are exported. */
static json_t *fen_value(const char *text, struct ln_cell_words *why)
{
    char *end;
    const char *at = strncmp(text, "¥", 2) == 0 ? text + 2 : text;
    bool minus = at[0] == '-';
    long long yuan = strtoll(at, &end, 10);
    long long fen = 0;
    size_t digits = 0;

    if (end != at && *end == '.')
        for (end++; *end >= '0' && *end <= '9' && digits < 2; digits++)
            fen = fen * 10 + (*end++ - '0');
    if (end != at && *end == '\0' && yuan < INT64_C(10000000000000) &&
        yuan > -INT64_C(10000000000000)) {
        fen = digits == 1 ? fen * 10 : fen;
        return json_integer(yuan * 100 + (minus ? -fen : fen));
    }
    refuse(why, text, "不是金额，请填元，如 12.50", "is no amount: write yuan such as 12.50");
    return NULL;
}

static json_t *dec_value(const char *text, struct ln_cell_words *why)
{
    char *end;

    (void)strtod(text, &end);
    if (end != text && *end == '\0' && strspn(text, "0123456789.-") == strlen(text))
        return json_string(text);
    refuse(why, text, "不是数，请只填数字和小数点", "is no number: digits and a point only");
    return NULL;
}

static json_t *bool_value(const char *text, struct ln_cell_words *why)
{
    static const char *const yes[] = { "是", "有", "1", "yes", "true", "√", "Yes", "TRUE", NULL };
    static const char *const no[] = { "否", "无", "0", "no", "false", "×", "No", "FALSE", NULL };

    if (ln_def_has(yes, text))
        return json_true();
    if (ln_def_has(no, text))
        return json_false();
    refuse(why, text, "请填“是”或“否”", "must be yes or no");
    return NULL;
}

static const char *const SEPARATORS[] = { "、", "，", "；", ",", ";" };

static size_t until_separator(const char *text, size_t *skip)
{
    for (size_t n = 0; text[n] != '\0'; n++)
        for (size_t i = 0; i < sizeof SEPARATORS / sizeof SEPARATORS[0]; i++)
            if (strncmp(text + n, SEPARATORS[i], strlen(SEPARATORS[i])) == 0) {
                *skip = strlen(SEPARATORS[i]);
                return n;
            }
    *skip = 0;
    return strlen(text);
}

static json_t *list_value(const struct ln_def_field *f, const json_t *words, const json_t *row,
                          const char *text, struct ln_cell_words *why)
{
    json_t *list = json_array();
    size_t skip = 1;

    for (const char *at = text; skip > 0;) {
        size_t len = until_separator(at, &skip);
        char *one = ln_strndup(at, len);
        json_t *v = one[0] == '\0'     ? NULL
                    : f->codes != NULL ? code_value(f, words, row, one, why)
                                       : json_string(one);
        bool bad = v == NULL && one[0] != '\0';
        ln_free(one);
        if (bad) {
            json_decref(list);
            return NULL;
        }
        if (v != NULL)
            json_array_append_new(list, v);
        at += len + skip;
    }
    return list;
}

/* As lists are exported: a JSON object. */
static json_t *map_value(const char *text, struct ln_cell_words *why)
{
    json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(v))
        return v;
    json_decref(v);
    refuse(
        why, text, "格式不对，请照导出的表格填写，如 {\"road\":\"翠苑路\",\"number\":\"7\"}",
        "has another form: write it as exported, such as {\"road\":\"Cuiyuan\",\"number\":\"7\"}");
    return NULL;
}

/* A telephone number as everybody writes it: 138 1234 5678 and 138-1234-5678 are the same; the dash
 * behind an area code stays. */
static void plain_phone(char *text)
{
    char tight[LN_CELL_MAX];
    size_t n = 0;

    for (const char *p = text; *p != '\0'; p++)
        if (*p >= '0' && *p <= '9')
            tight[n++] = *p;
        else if (strchr(" -()+", *p) == NULL)
            return;
    tight[n] = '\0';
    const char *at = n == 13 && strncmp(tight, "861", 3) == 0 ? tight + 2 : tight;
    if (strlen(at) == 11 && at[0] == '1') {
        memmove(text, at, 12);
        return;
    }
    n = 0;
    for (const char *p = text; *p != '\0'; p++)
        if (*p != ' ')
            tight[n++] = *p;
    tight[n] = '\0';
    memcpy(text, tight, n + 1);
}

static json_t *str_value(const struct ln_def_field *f, char *text)
{
    char tight[LN_CELL_MAX];

    if (is_long_number(f)) {
        narrow(tight, sizeof tight, text, true);
        for (char *p = tight; *p != '\0'; p++)
            *p = (char)toupper((unsigned char)*p);
        return json_string(tight);
    }
    if (f->check != NULL && strcmp(f->check, "phone") == 0)
        plain_phone(text);
    return json_string(text);
}

bool ln_cell_value(json_t **out, const struct ln_def_field *f, const json_t *words,
                   const json_t *row, const struct ln_sheet_cell *cell, struct ln_cell_words *why)
{
    char text[LN_CELL_MAX] = "";

    *out = NULL;
    if (f->type == LN_TYPE_TEXT) {
        *out = json_string(cell->text);
        return true;
    }
    if (strlen(cell->text) >= LN_CELL_MAX - 4) {
        refuse(why, cell->text, "太长，请缩短", "is too long: shorten it");
        return false;
    }
    if (ln_cell_rounding(f, cell) == LN_CELL_ROUNDED) {
        ln_cell_say_rounded(why, LN_CELL_ROUNDED);
        return false;
    }
    if (f->type == LN_TYPE_STR && f->check == NULL)
        (void)snprintf(text, sizeof text, "%s", cell->text);
    else
        narrow(text, sizeof text, cell->text, false);
    switch (f->type) {
    case LN_TYPE_DATE:
        *out = date_value(text, cell->number, why);
        break;
    case LN_TYPE_TS:
        *out = ts_value(text, why);
        break;
    case LN_TYPE_CODE:
        *out = f->codes != NULL ? code_value(f, words, row, text, why) : json_string(text);
        break;
    case LN_TYPE_INT:
        *out = int_value(text, why);
        break;
    case LN_TYPE_FEN:
        *out = fen_value(text, why);
        break;
    case LN_TYPE_DEC:
        *out = dec_value(text, why);
        break;
    case LN_TYPE_BOOL:
        *out = bool_value(text, why);
        break;
    case LN_TYPE_LIST:
        *out = list_value(f, words, row, cell->text, why);
        break;
    case LN_TYPE_MAP:
    case LN_TYPE_GEO:
        *out = map_value(cell->text, why);
        break;
    case LN_TYPE_STR:
        *out = str_value(f, text);
        break;
    case LN_TYPE_TEXT:
    case LN_TYPE_REF:
    case LN_TYPE_REGION:
    case LN_TYPE_FILE:
    case LN_TYPE_FILES:
        *out = json_string(text);
        break;
    }
    return *out != NULL;
}
