/* A clerk's spreadsheet: CSV in whatever encoding, or XLSX. A first byte 'X' makes the rest the
 * sheet inside an XLSX, 'S' its strings, so that the fuzzer gets behind zip and checksum. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "crypto/canon.h"
#include "node/module/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void put16(struct ln_buf *b, unsigned v)
{
    ln_buf_addc(b, (char)(v & 255));
    ln_buf_addc(b, (char)(v >> 8 & 255));
}
static void put32(struct ln_buf *b, unsigned long v)
{
    put16(b, (unsigned)(v & 65535));
    put16(b, (unsigned)(v >> 16 & 65535));
}

struct part {
    const char *name;
    const void *data;
    size_t len, at;
};
static void head(struct ln_buf *b, const struct part *p)
{
    put16(b, 20);
    put16(b, 0);
    put16(b, 0); /* stored */
    put32(b, 0);
    put32(b, crc32(0, p->data, (unsigned)p->len));
    put32(b, p->len);
    put32(b, p->len);
    put16(b, (unsigned)strlen(p->name));
    put16(b, 0);
}

static void zip(struct ln_buf *b, struct part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        parts[i].at = b->len;
        ln_buf_add(b, "PK\3\4", 4);
        head(b, &parts[i]);
        ln_buf_adds(b, parts[i].name);
        ln_buf_add(b, parts[i].data, parts[i].len);
    }
    size_t at = b->len;
    for (size_t i = 0; i < n; i++) {
        ln_buf_add(b, "PK\1\2\24\0", 6);
        head(b, &parts[i]);
        put16(b, 0);
        put32(b, 0);
        put32(b, 0);
        put32(b, parts[i].at);
        ln_buf_adds(b, parts[i].name);
    }
    size_t size = b->len - at;
    ln_buf_add(b, "PK\5\6\0\0\0\0", 8);
    put16(b, (unsigned)n);
    put16(b, (unsigned)n);
    put32(b, size);
    put32(b, at);
    put16(b, 0);
}

static void judge(const void *data, size_t len)
{
    struct ln_sheet s = { 0 };
    struct ln_err err = { 0 };

    if (!ln_sheet_read(&s, data, len, &err)) {
        if (err.code != LN_INVALID && err.code != LN_FULL)
            abort();
        return;
    }
    if (s.n_cols > LN_SHEET_COLS || s.n_rows > LN_SHEET_ROWS)
        abort();
    for (size_t i = 0; i < s.n_rows; i++)
        for (size_t k = 0; k < s.n_cols; k++) {
            const struct ln_sheet_cell *c = ln_sheet_cell(&s, i, k);
            if (c->text != NULL && !ln_canon_utf8(c->text, strlen(c->text)))
                abort();
        }
    ln_sheet_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char strings[] = "<sst><si><t>a</t></si><si><t>b</t></si></sst>";
    static const char sheet[] = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" "
                                "t=\"s\"><v>1</v></c></row></sheetData></worksheet>";
    bool s = len > 0 && data[0] == 'S';

    if (len == 0 || (data[0] != 'X' && !s)) {
        judge(data, len);
        return 0;
    }
    struct ln_buf file = ln_buf_new(1 << 20);
    struct part parts[] = { { .name = "xl/sharedStrings.xml",
                              .data = s ? (const void *)(data + 1) : strings,
                              .len = s ? len - 1 : sizeof strings - 1 },
                            { .name = "xl/worksheets/sheet1.xml",
                              .data = s ? (const void *)sheet : data + 1,
                              .len = s ? sizeof sheet - 1 : len - 1 } };
    zip(&file, parts, 2);
    judge(file.data, file.len);
    ln_buf_free(&file);
    return 0;
}
