/* Build tool: turns files into one C file of constant tables the program carries.
 *   embed text DIR OUT FILE...    texts, named by their path (node/asset.h ln_embed_list)
 *   embed asset DIR OUT FILE...   pages, gzipped as `gzip -9n` would (node/asset.h ln_asset_list)
 * Bytes go to DIR as files and enter by .incbin: a list of numbers would take minutes to compile.
 * Same input, same output: names are sorted by the caller and no time is stored. */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FILE_MAX (64u << 20)

static const struct {
    const char *end, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".woff2", "font/woff2" },
    { ".webmanifest", "application/manifest+json" },
    { ".txt", "text/plain; charset=utf-8" },
};

static void die(const char *what, const char *name)
{
    (void)fprintf(stderr, "embed: %s: %s\n", what, name);
    exit(1);
}

static unsigned char *load(const char *name, size_t *len)
{
    FILE *f = fopen(name, "rb");
    unsigned char *p = malloc(FILE_MAX);

    if (f == NULL || p == NULL)
        die("cannot read", name);
    *len = fread(p, 1, FILE_MAX, f);
    if (ferror(f) || *len == FILE_MAX)
        die("cannot read whole", name);
    (void)fclose(f);
    return p;
}

static void save(const char *name, const unsigned char *p, size_t len)
{
    FILE *f = fopen(name, "wb");

    if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0)
        die("cannot write", name);
}

static unsigned char *gzip(unsigned char *p, size_t len, size_t *out_len)
{
    z_stream z = { 0 };
    unsigned char *out;

    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        die("zlib", "deflateInit2");
    size_t room = deflateBound(&z, len);
    out = malloc(room);
    if (out == NULL)
        die("no memory", "gzip");
    z.next_in = p;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        die("zlib", "deflate");
    *out_len = z.total_out;
    (void)deflateEnd(&z);
    return out;
}

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t n = strlen(types[i].end);
        if (strlen(name) > n && strcmp(name + strlen(name) - n, types[i].end) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

/* What the program calls the file: node/module/home.json is module/home.json, build/ui/x.js is
 * /x.js. */
static const char *called(const char *name, bool asset)
{
    const char *cut = strstr(name, asset ? "/ui/" : "node/");

    if (cut == NULL)
        die("not below the expected folder", name);
    return cut + (asset ? 3 : 5);
}

static void bytes(FILE *out, const char *dir, const char *tag, int i, const unsigned char *p,
                  size_t len)
{
    char name[4096];

    (void)snprintf(name, sizeof name, "%s/%s.%d", dir, tag, i);
    save(name, p, len);
    (void)fprintf(out,
                  "__asm__(\".pushsection .rodata\\n.hidden ln_%s_%d\\n.global ln_%s_%d\\n\"\n"
                  "        \"ln_%s_%d: .incbin \\\"%s\\\"\\n.byte 0\\n.popsection\\n\");\n"
                  "extern const char ln_%s_%d[];\n",
                  tag, i, tag, i, tag, i, name, tag, i);
}

int main(int argc, char **argv)
{
    if (argc < 4 || sodium_init() < 0)
        die("usage", "embed text|asset DIR OUT FILE...");
    bool asset = strcmp(argv[1], "asset") == 0;
    FILE *out = fopen(argv[3], "w");
    if (out == NULL)
        die("cannot write", argv[3]);

    (void)fprintf(
        out, "/* Made by packaging/tool/embed.c: do not edit. */\n#include \"node/asset.h\"\n");
    char *table = NULL;
    size_t table_len = 0;
    FILE *rows = open_memstream(&table, &table_len);
    if (rows == NULL)
        die("no memory", "table");
    for (int i = 4; i < argc; i++) {
        size_t len;
        size_t gz_len;
        unsigned char sum[32];
        char hex[65];
        unsigned char *p = load(argv[i], &len);
        if (!asset) {
            bytes(out, argv[2], "text", i, p, len);
            (void)fprintf(rows, "    { \"%s\", ln_text_%d, %zu },\n", called(argv[i], false), i,
                          len);
            free(p);
            continue;
        }
        unsigned char *gz = gzip(p, len, &gz_len);
        crypto_hash_sha256(sum, p, len);
        sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
        bytes(out, argv[2], "asset", i, gz, gz_len);
        (void)fprintf(rows,
                      "    { \"%s\", \"%s\", \"%s\", (const unsigned char *)ln_asset_%d, %zu },\n",
                      called(argv[i], true), type_of(argv[i]), hex, i, gz_len);
        free(gz);
        free(p);
    }
    (void)fclose(rows);
    (void)fprintf(out, "static const struct ln_%s table[] = {\n%s    { 0 },\n};\n",
                  asset ? "asset" : "embed", table);
    (void)fprintf(out,
                  "const struct ln_%s *ln_%s_all(size_t *n)\n{\n"
                  "    *n = sizeof table / sizeof table[0] - 1;\n    return table;\n}\n",
                  asset ? "asset" : "embed", asset ? "asset" : "embed");
    free(table);
    return fclose(out) == 0 ? 0 : 1;
}
