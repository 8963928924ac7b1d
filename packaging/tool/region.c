/* Build tool: packs "<12-digit code>\t<name>" lines, sorted, from stdin into the table of
 * node/region/. Its format is described in node/region/table.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define TEXT_MAX (32u << 20)
#define BLOCK_MAX 4096

struct block {
    uint32_t key, at, packed, raw;
};

static void die(const char *why)
{
    (void)fprintf(stderr, "region: %s\n", why);
    exit(1);
}

/* Provinces, cities and counties share block 0; streets and communities stand under their county.
 */
static uint32_t key_of(const char *line)
{
    char county[7] = { 0 };

    memcpy(county, line, 6);
    return memcmp(line + 6, "000000", 6) == 0 ? 0 : (uint32_t)strtoul(county, NULL, 10);
}

static int by_key(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    uint32_t kx = key_of(*x);
    uint32_t ky = key_of(*y);

    return kx != ky ? (kx < ky ? -1 : 1) : strncmp(*x, *y, 12);
}

int main(int argc, char **argv)
{
    char *text = calloc(1, TEXT_MAX + 1);
    char **line = calloc(TEXT_MAX / 16, sizeof *line);
    char *raw = malloc(TEXT_MAX);
    char *packed = malloc(TEXT_MAX);
    struct block *blocks = calloc(BLOCK_MAX, sizeof *blocks);
    if (argc != 2 || text == NULL || line == NULL || raw == NULL || packed == NULL ||
        blocks == NULL)
        die("usage: region OUT < lines");
    size_t len = fread(text, 1, TEXT_MAX, stdin);
    size_t n = 0;
    for (char *p = text, *end; p < text + len; p = end + 1) {
        end = strchr(p, '\n');
        if (end == NULL || end - p < 14 || p[12] != '\t')
            die("a line is not <12 digits> TAB <name>");
        line[n++] = p;
    }
    if (n < 3000)
        die("too few regions: the source is incomplete");
    qsort(line, n, sizeof *line, by_key);

    uint32_t n_blocks = 0;
    uint32_t at = 0;
    for (size_t i = 0, j; i < n; i = j) {
        size_t raw_len = 0;
        for (j = i; j < n && key_of(line[j]) == key_of(line[i]); j++) {
            size_t l = strcspn(line[j], "\n") + 1;
            memcpy(raw + raw_len, line[j], l);
            raw_len += l;
        }
        size_t got = ZSTD_compress(packed + at, TEXT_MAX - at, raw, raw_len, 19);
        if (ZSTD_isError(got) || n_blocks == BLOCK_MAX)
            die("cannot pack");
        blocks[n_blocks++] =
            (struct block){ key_of(line[i]), at, (uint32_t)got, (uint32_t)raw_len };
        at += (uint32_t)got;
    }
    FILE *out = fopen(argv[1], "wb");
    if (out == NULL || fwrite(&n_blocks, sizeof n_blocks, 1, out) != 1 ||
        fwrite(blocks, sizeof *blocks, n_blocks, out) != n_blocks ||
        fwrite(packed, 1, at, out) != at || fclose(out) != 0)
        die("cannot write");
    return 0;
}
