/* Spreadsheets into rows: see sheet.h. */
#include "node/module/sheet.h"

#include <expat.h>
#include <iconv.h>
#include <minizip/unzip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"

/* ---- a growing grid */

struct grid {
    struct ln_sheet s;
    size_t cap_rows;
    bool full;
};

static struct ln_sheet_cell *place(struct grid *g, size_t row, size_t col)
{
    if (row >= LN_SHEET_ROWS || col >= LN_SHEET_COLS) {
        g->full = true;
        return NULL;
    }
    if (row >= g->cap_rows) {
        size_t cap = g->cap_rows > 0 ? g->cap_rows : 64;
        while (cap <= row)
            cap *= 2;
        g->s.cells = ln_realloc(g->s.cells, cap * LN_SHEET_COLS * sizeof *g->s.cells);
        memset(g->s.cells + g->cap_rows * LN_SHEET_COLS, 0,
               (cap - g->cap_rows) * LN_SHEET_COLS * sizeof *g->s.cells);
        g->cap_rows = cap;
    }
    if (row >= g->s.n_rows)
        g->s.n_rows = row + 1;
    if (col >= g->s.n_cols)
        g->s.n_cols = col + 1;
    return &g->s.cells[row * LN_SHEET_COLS + col];
}

static void put(struct grid *g, size_t row, size_t col, const char *text, size_t len, bool number)
{
    struct ln_sheet_cell *c;

    while (len > 0 && strchr(" \t\r\n", text[0]) != NULL) {
        text++;
        len--;
    }
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    c = len > 0 ? place(g, row, col) : NULL;
    if (c == NULL)
        return;
    ln_free(c->text);
    c->text = ln_strndup(text, len);
    c->number = number;
}

const struct ln_sheet_cell *ln_sheet_cell(const struct ln_sheet *s, size_t row, size_t col)
{
    static const struct ln_sheet_cell none;

    return row < s->n_rows && col < s->n_cols ? &s->cells[row * LN_SHEET_COLS + col] : &none;
}

void ln_sheet_free(struct ln_sheet *s)
{
    for (size_t i = 0; i < s->n_rows * LN_SHEET_COLS; i++)
        ln_free(s->cells[i].text);
    ln_free(s->cells);
    *s = (struct ln_sheet){ 0 };
}

/* ---- CSV (RFC 4180, with ',' ';' or tab, whichever the first line has most of) */

static bool to_utf8(struct ln_buf *out, const char *data, size_t len, struct ln_err *err)
{
    iconv_t cd;
    char part[8192];
    char *in = (char *)(uintptr_t)data;
    size_t left = len;

    if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        data += 3;
        len -= 3;
    }
    if (ln_canon_utf8(data, len)) {
        ln_buf_add(out, data, len);
        return ln_buf_done(out, "file", err);
    }
    cd = iconv_open("UTF-8", "GB18030");
    if (cd == (iconv_t)-1)
        return ln_fail(err, LN_BROKEN, "no conversion from GB18030");
    while (left > 0) {
        char *to = part;
        size_t room = sizeof part;
        size_t before = left;
        size_t rc = iconv(cd, &in, &left, &to, &room);
        ln_buf_add(out, part, sizeof part - room);
        if (rc == (size_t)-1 && left == before && room == sizeof part) {
            (void)iconv_close(cd);
            return ln_fail(
                err, LN_INVALID,
                "文件编码既不是 UTF-8 也不是 GB18030 (neither UTF-8 nor GB18030 at byte %zu)",
                len - left);
        }
    }
    (void)iconv_close(cd);
    return ln_buf_done(out, "file", err);
}

static char separator(const char *text)
{
    size_t n[3] = { 0 };

    for (; *text != '\0' && *text != '\n'; text++) {
        n[0] += *text == ',';
        n[1] += *text == ';';
        n[2] += *text == '\t';
    }
    return n[2] > n[0] && n[2] > n[1] ? '\t' : n[1] > n[0] ? ';' : ',';
}

/* A quote in front of what would be a formula is no part of the value: lists are exported so. */
static void put_plain(struct grid *g, size_t row, size_t col, const struct ln_buf *cell)
{
    bool guarded = cell->len > 1 && cell->data[0] == '\'' && strchr("=+-@", cell->data[1]) != NULL;

    put(g, row, col, cell->data + guarded, cell->len - guarded, false);
}

static void csv(struct grid *g, const struct ln_buf *text)
{
    struct ln_buf cell = ln_buf_new(LN_SHEET_MAX);
    char sep = separator(text->data);
    bool quoted = false;
    size_t row = 0;
    size_t col = 0;

    for (const char *p = text->data; p <= text->data + text->len; p++) {
        bool end = p == text->data + text->len;
        if (quoted && !end) {
            if (*p == '"' && p[1] == '"')
                ln_buf_addc(&cell, *p++);
            else if (*p == '"')
                quoted = false;
            else
                ln_buf_addc(&cell, *p);
        } else if (!end && *p == '"' && cell.len == 0)
            quoted = true;
        else if (end || *p == sep || *p == '\n') {
            put_plain(g, row, col++, &cell);
            ln_buf_clear(&cell);
            if (end || *p == '\n') {
                row++;
                col = 0;
            }
        } else
            ln_buf_addc(&cell, *p);
    }
    ln_buf_free(&cell);
}

/* ---- XLSX: parts of a zip, read from memory */

struct memory {
    const char *data;
    uLong len, at;
};

static voidpf ZCALLBACK mem_open(voidpf opaque, const char *name, int mode)
{
    (void)name;
    (void)mode;
    return opaque;
}
static uLong ZCALLBACK mem_read(voidpf opaque, voidpf stream, void *buf, uLong size)
{
    struct memory *m = stream;

    (void)opaque;
    if (size > m->len - m->at)
        size = m->len - m->at;
    memcpy(buf, m->data + m->at, size);
    m->at += size;
    return size;
}
static long ZCALLBACK mem_tell(voidpf opaque, voidpf stream)
{
    (void)opaque;
    return (long)((struct memory *)stream)->at;
}
static long ZCALLBACK mem_seek(voidpf opaque, voidpf stream, uLong offset, int origin)
{
    struct memory *m = stream;
    uLong to = origin == ZLIB_FILEFUNC_SEEK_CUR   ? m->at + offset
               : origin == ZLIB_FILEFUNC_SEEK_END ? m->len + offset
                                                  : offset;

    (void)opaque;
    if (to > m->len)
        return -1;
    m->at = to;
    return 0;
}
static int ZCALLBACK mem_close(voidpf opaque, voidpf stream)
{
    (void)opaque;
    (void)stream;
    return 0;
}
/* Asked whenever a read gives less than it should: at the end of a file that was cut. */
static int ZCALLBACK mem_error(voidpf opaque, voidpf stream)
{
    (void)opaque;
    (void)stream;
    return 0;
}

static bool read_part(struct ln_buf *out, unzFile zip, const char *name, bool *there,
                      struct ln_err *err)
{
    unz_file_info info;
    char part[8192]; /* a web worker's stack has 100 KiB */
    int n;

    *there = unzLocateFile(zip, name, 2) == UNZ_OK;
    if (!*there)
        return true;
    if (unzGetCurrentFileInfo(zip, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK ||
        info.uncompressed_size > LN_SHEET_PART_MAX)
        return ln_fail(err, LN_FULL, "the spreadsheet unpacks to more than %d bytes",
                       LN_SHEET_PART_MAX);
    if (unzOpenCurrentFile(zip) != UNZ_OK)
        return ln_fail(err, LN_INVALID, "the spreadsheet is damaged");
    while ((n = unzReadCurrentFile(zip, part, sizeof part)) > 0 && !out->over)
        ln_buf_add(out, part, (size_t)n);
    bool good = unzCloseCurrentFile(zip) == UNZ_OK && n == 0;
    return good ? ln_buf_done(out, "sheet", err)
                : ln_fail(err, LN_INVALID, "the spreadsheet is damaged");
}

/* Text of shared strings, and cells of the sheet, as expat meets them. */
struct reading {
    struct grid *g;
    struct ln_buf text;
    char **strings;
    size_t n_strings, cap_strings;
    bool in_text, phonetic;
    char type[16];
    size_t row, col;
    struct {
        size_t r0, c0, r1, c1;
    } merged[4096];
    size_t n_merged;
    XML_Parser parser;
};

static const char *attribute(const XML_Char **a, const char *name)
{
    for (; a[0] != NULL; a += 2)
        if (strcmp(a[0], name) == 0)
            return a[1];
    return "";
}

/* "BC23" */
static const char *reference(const char *ref, size_t *row, size_t *col)
{
    size_t c = 0;

    for (; *ref >= 'A' && *ref <= 'Z' && c < 100000; ref++)
        c = c * 26 + (size_t)(*ref - 'A') + 1;
    *col = c > 0 ? c - 1 : 0;
    char *end;
    unsigned long r = strtoul(ref, &end, 10);
    *row = r > 0 ? r - 1 : 0;
    return end;
}

static void XMLCALL open_tag(void *ctx, const XML_Char *name, const XML_Char **a)
{
    struct reading *x = ctx;

    if (strcmp(name, "rPh") == 0)
        x->phonetic = true;
    else if (strcmp(name, "si") == 0)
        ln_buf_clear(&x->text);
    else if (strcmp(name, "c") == 0) {
        (void)reference(attribute(a, "r"), &x->row, &x->col);
        (void)snprintf(x->type, sizeof x->type, "%s", attribute(a, "t"));
        ln_buf_clear(&x->text);
    } else if (strcmp(name, "mergeCell") == 0 &&
               x->n_merged < sizeof x->merged / sizeof x->merged[0]) {
        const char *ref = attribute(a, "ref");
        size_t i = x->n_merged;
        ref = reference(ref, &x->merged[i].r0, &x->merged[i].c0);
        if (*ref == ':') {
            (void)reference(ref + 1, &x->merged[i].r1, &x->merged[i].c1);
            x->n_merged++;
        }
    }
    x->in_text = (strcmp(name, "t") == 0 && !x->phonetic) || strcmp(name, "v") == 0;
}

static void end_cell(struct reading *x)
{
    if (strcmp(x->type, "s") == 0) {
        size_t i = strtoul(x->text.data, NULL, 10);
        if (x->text.len > 0 && i < x->n_strings)
            put(x->g, x->row, x->col, x->strings[i], strlen(x->strings[i]), false);
    } else
        put(x->g, x->row, x->col, x->text.data, x->text.len,
            x->type[0] == '\0' || strcmp(x->type, "n") == 0);
}

static void XMLCALL close_tag(void *ctx, const XML_Char *name)
{
    struct reading *x = ctx;

    x->in_text = false;
    if (strcmp(name, "rPh") == 0)
        x->phonetic = false;
    else if (strcmp(name, "si") == 0) {
        x->strings = ln_grow(x->strings, x->n_strings, &x->cap_strings, sizeof *x->strings);
        x->strings[x->n_strings++] = ln_strndup(x->text.data, x->text.len);
    } else if (strcmp(name, "c") == 0)
        end_cell(x);
}

static void XMLCALL characters(void *ctx, const XML_Char *s, int len)
{
    struct reading *x = ctx;

    if (x->in_text)
        ln_buf_add(&x->text, s, (size_t)len);
}

/* No document type declarations: entities that grow are a bomb. */
static void XMLCALL no_doctype(void *ctx, const XML_Char *name, const XML_Char *sys,
                               const XML_Char *pub, int internal)
{
    (void)name;
    (void)sys;
    (void)pub;
    (void)internal;
    (void)XML_StopParser(((struct reading *)ctx)->parser, XML_FALSE);
}

static bool parse(struct reading *x, const struct ln_buf *part, struct ln_err *err)
{
    XML_Parser p = XML_ParserCreate("UTF-8");
    bool ok;

    XML_SetElementHandler(p, open_tag, close_tag);
    XML_SetCharacterDataHandler(p, characters);
    XML_SetStartDoctypeDeclHandler(p, no_doctype);
    XML_SetUserData(p, x);
    x->parser = p;
    ok = part->len <= INT32_MAX && XML_Parse(p, part->data, (int)part->len, 1) == XML_STATUS_OK;
    XML_ParserFree(p);
    return ok || ln_fail(err, LN_INVALID, "the spreadsheet is damaged");
}

/* A merged cell stands for all it covers. */
static void spread(struct reading *x)
{
    for (size_t i = 0; i < x->n_merged; i++) {
        const struct ln_sheet_cell *c = ln_sheet_cell(&x->g->s, x->merged[i].r0, x->merged[i].c0);
        char *text = c->text != NULL ? ln_strdup(c->text) : NULL;
        bool number = c->number;
        for (size_t r = x->merged[i].r0; text != NULL && r <= x->merged[i].r1 && r < x->g->s.n_rows;
             r++)
            for (size_t k = x->merged[i].c0; k <= x->merged[i].c1 && k < LN_SHEET_COLS; k++)
                put(x->g, r, k, text, strlen(text), number);
        ln_free(text);
    }
}

static bool xlsx(struct grid *g, const void *data, size_t len, struct ln_err *err)
{
    struct memory m = { data, (uLong)len, 0 };
    zlib_filefunc_def io = {
        mem_open, mem_read, NULL, mem_tell, mem_seek, mem_close, mem_error, &m
    };
    struct reading *x = ln_alloc(sizeof *x);
    struct ln_buf part = ln_buf_new(LN_SHEET_PART_MAX);
    unzFile zip = unzOpen2("", &io);
    bool there = false;
    bool ok = false;

    x->g = g;
    x->text = ln_buf_new(LN_SHEET_MAX);
    if (zip == NULL) {
        (void)ln_fail(err, LN_INVALID, "the spreadsheet is damaged");
        goto out;
    }
    if (!read_part(&part, zip, "xl/sharedStrings.xml", &there, err) ||
        (there && !parse(x, &part, err)))
        goto out;
    ln_buf_clear(&part);
    if (!read_part(&part, zip, "xl/worksheets/sheet1.xml", &there, err))
        goto out;
    if (!there) {
        (void)ln_fail(err, LN_INVALID, "the file is no spreadsheet");
        goto out;
    }
    ok = parse(x, &part, err);
    spread(x);
out:
    if (zip != NULL)
        (void)unzClose(zip);
    for (size_t i = 0; i < x->n_strings; i++)
        ln_free(x->strings[i]);
    ln_free(x->strings);
    ln_buf_free(&x->text);
    ln_free(x);
    ln_buf_free(&part);
    return ok;
}

bool ln_sheet_read(struct ln_sheet *out, const void *data, size_t len, struct ln_err *err)
{
    struct grid g = { .full = false };
    struct ln_buf text = ln_buf_new(2 * LN_SHEET_MAX);
    bool ok;

    if (len > LN_SHEET_MAX)
        return ln_fail(err, LN_FULL, "the file is larger than %d bytes", LN_SHEET_MAX);
    if (len >= 4 && memcmp(data, "PK\3\4", 4) == 0)
        ok = xlsx(&g, data, len, err);
    else {
        ok = to_utf8(&text, data, len, err);
        g.s.csv = true;
        if (ok)
            csv(&g, &text);
    }
    if (ok && g.full)
        ok = ln_fail(err, LN_FULL, "more than %d rows or %d columns", LN_SHEET_ROWS, LN_SHEET_COLS);
    if (ok && g.s.n_rows == 0)
        ok = ln_fail(err, LN_INVALID, "the file is empty");
    ln_buf_free(&text);
    if (ok)
        *out = g.s;
    else
        ln_sheet_free(&g.s);
    return ok;
}
