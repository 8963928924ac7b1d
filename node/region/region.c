/* Region names: one block of the table is unpacked per question (a county is some 20 KB). */
#include "node/region/region.h"

#include <string.h>
#include <zstd.h>

#include "node/region/table.h"

struct entry {
    uint32_t county, at, packed, raw;
};

#define DIGITS 12
#define TOP_MAX                                                                                    \
    (1u << 20) /* the largest block, with room to grow: provinces to counties are 90 KB */

bool ln_region_valid(const char *text)
{
    return strlen(text) == DIGITS && strspn(text, "0123456789") == DIGITS;
}

/* Digits that say something: 2 province, 4 city, 6 county, 9 street, 12 community; 0 = the country.
 */
static size_t depth_of(const char *code)
{
    static const size_t cuts[] = { 0, 2, 4, 6, 9, 12 };
    size_t i = 0;

    while (i < 5 && strspn(code + cuts[i], "0") < DIGITS - cuts[i])
        i++;
    return i;
}

static uint32_t county_of(const char *code)
{
    uint32_t n = 0;

    for (int i = 0; i < 6; i++)
        n = n * 10 + (uint32_t)(code[i] - '0');
    return n;
}

/* Unpacks the block of `county`; an empty buffer when the table has none. */
static struct ln_buf block_of(uint32_t county)
{
    struct ln_buf out = ln_buf_new(TOP_MAX);
    uint32_t n;
    struct entry e;

    memcpy(&n, ln_region_table, sizeof n);
    const unsigned char *frames = ln_region_table + sizeof n + n * sizeof e;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&e, ln_region_table + sizeof n + i * sizeof e, sizeof e);
        if (e.county != county)
            continue;
        void *to = ln_buf_grow(&out, e.raw);
        if (to == NULL || ZSTD_isError(ZSTD_decompress(to, e.raw, frames + e.at, e.packed)))
            ln_buf_clear(&out);
        break;
    }
    return out;
}

/* The next line of a block: false at its end. */
static bool next_line(const struct ln_buf *block, size_t *at, const char **code,
                      struct ln_span *name)
{
    if (*at >= block->len)
        return false;
    const char *p = block->data + *at;
    size_t len = strcspn(p, "\n");

    *code = p;
    *name = (struct ln_span){ p + DIGITS + 1, len - DIGITS - 1 };
    *at += len + 1;
    return true;
}

bool ln_region_name(struct ln_buf *out, const char *code)
{
    bool found = false;

    if (!ln_region_valid(code))
        return false;
    struct ln_buf block = block_of(depth_of(code) <= 3 ? 0 : county_of(code));
    const char *have;
    struct ln_span name;
    for (size_t at = 0; !found && next_line(&block, &at, &have, &name);) {
        if (memcmp(have, code, DIGITS) != 0)
            continue;
        ln_buf_add(out, name.p, name.len);
        found = true;
    }
    ln_buf_free(&block);
    return found;
}

bool ln_region_path(struct ln_buf *out, const char *code)
{
    static const size_t cuts[] = { 2, 4, 6, 9, 12 };
    size_t before = out->len;

    if (!ln_region_valid(code) || depth_of(code) == 0)
        return false;
    for (size_t i = 0; i < depth_of(code); i++) {
        char part[DIGITS + 1] = "000000000000";
        size_t start = out->len;
        memcpy(part, code, cuts[i]);
        bool found = ln_region_name(out, part);
        if (!found && i + 1 == depth_of(code)) {
            ln_buf_cut(out, before);
            return false;
        }
        if (found && strcmp(out->data + start, "市辖区") == 0 && i + 1 < depth_of(code))
            ln_buf_cut(out, start);
    }
    return true;
}

/* True when `have` lies `deeper` digits exactly one step below the first `cut` digits of `code`. */
static bool is_child(const char *have, const char *code, size_t depth)
{
    static const size_t cuts[] = { 0, 2, 4, 6, 9, 12 };

    return depth_of(have) == depth + 1 && memcmp(have, code, cuts[depth]) == 0;
}

size_t ln_region_children(const char *code,
                          void (*each)(void *ctx, const char code[13], struct ln_span name),
                          void *ctx)
{
    size_t n = 0;
    size_t depth = ln_region_valid(code) ? depth_of(code) : 5;

    if (depth >= 5)
        return 0;
    struct ln_buf block = block_of(depth < 3 ? 0 : county_of(code));
    const char *have;
    struct ln_span name;
    for (size_t at = 0; next_line(&block, &at, &have, &name);) {
        char full[DIGITS + 1] = { 0 };
        memcpy(full, have, DIGITS);
        if (!is_child(full, code, depth))
            continue;
        each(ctx, full, name);
        n++;
    }
    ln_buf_free(&block);
    return n;
}
