/* Writing a spreadsheet: see xlsx.h. The library's headers use strncpy, which ban.h poisons: this
 * file is compiled without it. */
#include "node/xlsx.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "crypto/base/alloc.h"
#include "node/say.h"

struct ln_xlsx {
    char dir[512], path[600];
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *money;
    struct ln_buf cell;
};

static void throw_away(struct ln_xlsx *x)
{
    (void)unlink(x->path);
    ln_buf_free(&x->cell);
    ln_free(x);
}

bool ln_xlsx_open(struct ln_xlsx **out, const char *dir, const char *sheet, struct ln_err *err)
{
    struct ln_xlsx *x = ln_alloc(sizeof *x);

    (void)snprintf(x->dir, sizeof x->dir, "%s", dir);
    (void)snprintf(x->path, sizeof x->path, "%s/export-XXXXXX", dir);
    x->cell = ln_buf_new(4 * LN_XLSX_CHARS + 16);
    int fd = mkstemp(x->path);
    if (fd >= 0) {
        lxw_workbook_options options = { .constant_memory = LXW_TRUE, .tmpdir = x->dir };
        (void)close(fd);
        x->book = workbook_new_opt(x->path, &options);
    }
    if (x->book == NULL) {
        throw_away(x);
        return ln_fail(err, LN_BROKEN,
                       LN_SAY("%s 里没有空间存放电子表格", "no room for a spreadsheet in %s"), dir);
    }
    x->sheet = workbook_add_worksheet(x->book, sheet);
    x->money = workbook_add_format(x->book);
    format_set_num_format(x->money, "0.00");
    worksheet_freeze_panes(x->sheet, 1, 0);
    *out = x;
    return true;
}

/* At most LN_XLSX_CHARS characters, and none that XML does not know. */
static void clean(struct ln_buf *cell, struct ln_span text)
{
    size_t chars = 0;

    ln_buf_clear(cell);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 && c != '\n' && c != '\t')
            continue;
        /* U+FFFE and U+FFFF: XML 1.0 section 2.2 has no such characters */
        if (c == 0xef && text.len - i >= 3 && (unsigned char)text.p[i + 1] == 0xbf &&
            (unsigned char)text.p[i + 2] >= 0xbe) {
            i += 2;
            continue;
        }
        chars += (c & 0xc0) != 0x80;
        if (chars > LN_XLSX_CHARS)
            break;
        ln_buf_addc(cell, (char)c);
    }
}

void ln_xlsx_text(struct ln_xlsx *x, size_t row, size_t column, struct ln_span text)
{
    clean(&x->cell, text);
    if (x->cell.len > 0)
        (void)worksheet_write_string(x->sheet, (lxw_row_t)row, (lxw_col_t)column, x->cell.data,
                                     NULL);
}

void ln_xlsx_int(struct ln_xlsx *x, size_t row, size_t column, int64_t n)
{
    (void)worksheet_write_number(x->sheet, (lxw_row_t)row, (lxw_col_t)column, (double)n, NULL);
}

void ln_xlsx_fen(struct ln_xlsx *x, size_t row, size_t column, int64_t fen)
{
    (void)worksheet_write_number(x->sheet, (lxw_row_t)row, (lxw_col_t)column, (double)fen / 100,
                                 x->money);
}

static bool read_back(struct ln_buf *out, const char *path, struct ln_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char part[16384];
    ssize_t n = -1;

    while (fd >= 0 && (n = read(fd, part, sizeof part)) > 0)
        ln_buf_add(out, part, (size_t)n);
    if (fd >= 0)
        (void)close(fd);
    if (n < 0)
        return ln_fail(err, LN_BROKEN,
                       LN_SAY("电子表格写好后无法读回", "the spreadsheet cannot be read back"));
    return ln_buf_done(out, "spreadsheet", err);
}

bool ln_xlsx_close(struct ln_xlsx *x, struct ln_buf *bytes, struct ln_err *err)
{
    bool ok =
        workbook_close(x->book) == LXW_NO_ERROR ||
        ln_fail(err, LN_BROKEN, LN_SAY("无法写出电子表格", "the spreadsheet could not be written"));

    ok = ok && (bytes == NULL || read_back(bytes, x->path, err));
    throw_away(x);
    return ok;
}
