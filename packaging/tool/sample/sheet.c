/* The clerk's table: the residents as a spreadsheet, with a clerk's mistakes. */
#include "sample.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

enum defect {
    FINE,
    BAD_CHECK,
    ROUNDED,
    DOUBLE,
    NO_NAME,
    BAD_DATE,
    SHORT_PHONE,
    WIDE,
    SPACED,
    STRANGE,
    N_DEFECT
};
static const char *const defect_names[] = { "fine",        "wrong_check_digit", "rounded_number",
                                            "duplicate",   "name_missing",      "impossible_date",
                                            "short_phone", "full_width_digits", "spaced_phone",
                                            "unknown_word" };
static const int defect_counts[] = { 0, 12, 9, 10, 4, 5, 7, 3, 6, 5 };
#define COLUMNS 13
static const char *const header[COLUMNS] = { "序号", "楼幢",       "单元",       "房号",
                                             "姓名", "性别",       "身份证号码", "出生日期",
                                             "民族", "与户主关系", "联系电话",   "人员类别",
                                             "备注" };

struct cells {
    char c[COLUMNS][96];
    bool number; /* the identity number was stored as a number and is rounded */
};

static void wide(char *out, size_t size, const char *digits)
{
    size_t at = 0;

    for (; *digits != '\0' && at + 4 < size; digits++) {
        if (*digits < '0' || *digits > '9') {
            out[at++] = *digits;
            continue;
        }
        out[at++] = (char)0xef; /* U+FF10 + digit */
        out[at++] = (char)0xbc;
        out[at++] = (char)(0x90 + *digits - '0');
    }
    out[at] = '\0';
}

static void fill(struct sample *s, struct cells *r, int no, const struct person *p,
                 enum defect what)
{
    static const char *const relation[] = { "户主", "配偶", "子女", "父母" };
    const struct dwelling *d = &s->dwelling[p->dwelling];

    *r = (struct cells){ 0 };
    (void)snprintf(r->c[0], 96, "%d", no);
    (void)snprintf(r->c[1], 96, "%d幢", d->building + 1);
    (void)snprintf(r->c[2], 96, "%d", d->unit);
    (void)snprintf(r->c[3], 96, "%s", d->room);
    (void)snprintf(r->c[4], 96, "%s", what == NO_NAME ? "" : p->name);
    (void)snprintf(r->c[5], 96, "%s", p->male ? "男" : "女");
    (void)snprintf(r->c[6], 96, "%s", p->id_no);
    (void)snprintf(r->c[7], 96,
                   no % 3 == 0   ? "%.4s.%.2s.%.2s"
                   : no % 3 == 1 ? "%.4s-%.2s-%.2s"
                                 : "%.4s/%.2s/%.2s",
                   p->birth, p->birth + 5, p->birth + 8);
    (void)snprintf(r->c[8], 96, "%s", no % 2 == 0 ? "汉族" : "汉");
    (void)snprintf(r->c[9], 96, "%s", relation[p->relation]);
    (void)snprintf(r->c[10], 96, "%s", p->phone);
    (void)snprintf(r->c[11], 96, "%s", "户籍居民");
    switch (what) {
    case BAD_CHECK:
        r->c[6][17] = r->c[6][17] == '3' ? '4' : '3';
        break;
    case ROUNDED: /* a spreadsheet keeps 15 digits */
        r->number = true;
        memcpy(r->c[6] + 15, "000", 3);
        break;
    case BAD_DATE:
        (void)snprintf(r->c[7], 96, "%.4s-02-30", p->birth);
        break;
    case SHORT_PHONE:
        (void)snprintf(r->c[10], 96, "14212345");
        break;
    case SPACED:
        if (p->phone[0] != '\0')
            (void)snprintf(r->c[10], 96, "%.3s %.4s %s", p->phone, p->phone + 3, p->phone + 7);
        break;
    case STRANGE:
        (void)snprintf(r->c[11], 96, "%s", "户藉居民"); /* one stroke wrong */
        break;
    case WIDE:
        wide(r->c[6], 96, p->id_no);
        break;
    case DOUBLE:
        (void)snprintf(r->c[12], 96, "重复登记");
        break;
    case FINE:
    case NO_NAME:
    case N_DEFECT:
        break;
    }
}

/* Which mistake row i of the table carries: spread evenly, the same for a seed. */
static enum defect *choose(struct sample *s)
{
    enum defect *d = calloc((size_t)s->n_person, sizeof *d);

    if (d == NULL)
        die("memory");
    for (int k = 1; k < N_DEFECT; k++) {
        for (int left = defect_counts[k]; left > 0;) {
            int at = 10 + below(s, s->n_person - 20);
            if (d[at] != FINE ||
                ((k == SHORT_PHONE || k == SPACED) && s->person[at].phone[0] == '\0'))
                continue;
            d[at] = (enum defect)k;
            left--;
        }
    }
    return d;
}

static void csv_row(FILE *f, const struct cells *r, bool same_house)
{
    for (int c = 0; c < COLUMNS; c++) {
        const char *v = r->c[c];
        char e[32];
        if (c > 0)
            (void)fputc(',', f);
        if (same_house && c >= 1 && c <= 3)
            continue; /* merged cells leave blanks in a CSV */
        /* Some spreadsheets write a rounded number as 3.30106E+17, some with 000 at its end. */
        if (c == 6 && r->number && (strtol(r->c[0], NULL, 10) % 2 == 0 || check_digit(v) == '0')) {
            (void)snprintf(e, sizeof e, "%.5E", strtod(v, NULL));
            v = e;
        }
        (void)fputs(v, f);
    }
    (void)fputs("\r\n", f);
}

static void csv(struct sample *s, const enum defect *what, const char *name, bool second)
{
    char path[512];
    int no = 0;
    int house = -1;

    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        die(path);
    (void)fputs("\xef\xbb\xbf", f);
    for (int c = 0; c < COLUMNS; c++)
        (void)fprintf(f, "%s%s", c > 0 ? "," : "", header[c]);
    (void)fputs("\r\n", f);
    for (int i = 0; i < s->n_person; i++) {
        struct person p = s->person[i];
        struct cells r;
        if (second && what[i] == FINE &&
            i % 100 == 7) /* a month later every hundredth has a new number */
            (void)snprintf(p.phone, sizeof p.phone, "142%08d", 90000000 + i);
        fill(s, &r, ++no, &p, what[i]);
        csv_row(f, &r, p.dwelling == house);
        house = p.dwelling;
        if (what[i] == DOUBLE) {
            fill(s, &r, ++no, &p, what[i]);
            csv_row(f, &r, true);
        }
    }
    if (fclose(f) != 0)
        die(path);
}

static void gb18030(struct sample *s)
{
    char path[512];
    static char in[4 << 20];
    static char out[4 << 20];

    (void)snprintf(path, sizeof path, "%s/residents.csv", s->dir);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        die(path);
    size_t left = fread(in, 1, sizeof in, f);
    (void)fclose(f);
    char *from = in + 3; /* without the mark, which GB18030 files do not have */
    char *to = out;
    size_t room = sizeof out;
    left -= 3;
    iconv_t cd = iconv_open("GB18030", "UTF-8");
    if (iconv(cd, &from, &left, &to, &room) == (size_t)-1)
        die("iconv");
    (void)iconv_close(cd);
    (void)snprintf(path, sizeof path, "%s/residents-gb18030.csv", s->dir);
    f = fopen(path, "w");
    if (f == NULL || fwrite(out, 1, sizeof out - room, f) != sizeof out - room || fclose(f) != 0)
        die(path);
}

static void xlsx_house(lxw_worksheet *w, lxw_row_t first, lxw_row_t last, const struct cells *r)
{
    for (lxw_col_t c = 1; c <= 3; c++) {
        if (last > first)
            (void)worksheet_merge_range(w, first, c, last, c, r->c[c], NULL);
        else
            (void)worksheet_write_string(w, first, c, r->c[c], NULL);
    }
}

static void xlsx(struct sample *s, const enum defect *what)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/residents.xlsx", s->dir);
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *w = workbook_add_worksheet(book, "居民花名册");
    lxw_doc_properties doc = { .created = 1793491200 };
    (void)workbook_set_properties(book, &doc);
    (void)worksheet_merge_range(w, 0, 0, 0, COLUMNS - 1, "翠苑一区社区居民花名册", NULL);
    for (lxw_col_t c = 0; c < COLUMNS; c++)
        (void)worksheet_write_string(w, 1, c, header[c], NULL);

    lxw_row_t row = 2;
    lxw_row_t first = 2;
    struct cells house = { 0 };
    int no = 0;
    for (int i = 0; i < s->n_person; i++) {
        for (int twice = 0; twice < (what[i] == DOUBLE ? 2 : 1); twice++, row++) {
            struct cells r;
            fill(s, &r, ++no, &s->person[i], what[i]);
            for (lxw_col_t c = 0; c < COLUMNS; c++) {
                if ((c >= 1 && c <= 3) || r.c[c][0] == '\0')
                    continue;
                if (c == 0 || (c == 6 && r.number))
                    (void)worksheet_write_number(w, row, c, strtod(r.c[c], NULL), NULL);
                else
                    (void)worksheet_write_string(w, row, c, r.c[c], NULL);
            }
            house = r;
        }
        if (i + 1 == s->n_person || s->person[i + 1].dwelling != s->person[i].dwelling) {
            xlsx_house(w, first, row - 1, &house);
            first = row;
        }
    }
    if (workbook_close(book) != LXW_NO_ERROR)
        die(path);
}

static void expected(struct sample *s, const enum defect *what)
{
    char path[512];
    int again = 0;
    int round = 0; /* true numbers that look as if they were rounded */
    for (int i = 0; i < s->n_person; i++) {
        again += what[i] == FINE && i % 100 == 7;
        round += strcmp(s->person[i].id_no + 15, "000") == 0 && what[i] != ROUNDED &&
                 what[i] != BAD_CHECK;
    }
    (void)snprintf(path, sizeof path, "%s/expected.json", s->dir);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        die(path);
    (void)fprintf(f, "{\"persons\":%d,\"rows\":%d,\"changed_in_second\":%d,\"round\":%d",
                  s->n_person, s->n_person + defect_counts[DOUBLE], again, round);
    for (int k = 1; k < N_DEFECT; k++)
        (void)fprintf(f, ",\"%s\":%d", defect_names[k], defect_counts[k]);
    (void)fputs("}\n", f);
    if (fclose(f) != 0)
        die(path);
}

void sample_sheet(struct sample *s)
{
    enum defect *what = choose(s);

    csv(s, what, "residents.csv", false);
    csv(s, what, "residents-2.csv", true);
    gb18030(s);
    xlsx(s, what);
    expected(s, what);
    free(what);
}
