/* How fast the pure half of sync is; one JSON line a figure, medians of five runs. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "crypto/canon.h"
#include "sync/merge.h"
#include "sync/segment.h"

#define RUNS 5
#define LINES 20000
#define SEGMENTS 200

static double now_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void report(const char *figure, double rate[RUNS], const char *unit)
{
    qsort(rate, RUNS, sizeof rate[0], compare);
    (void)printf("{\"figure\":\"%s\",\"runs\":%d,\"unit\":\"%s\",\"value\":%.0f}\n", figure, RUNS,
                 unit, rate[RUNS / 2]);
}

/* A stream like TARGETS': twelve fields, about 270 bytes. */
static struct ln_buf stream(size_t *starts)
{
    struct ln_buf b = ln_buf_new(64 << 20);
    char id[LN_ID_TEXT + 1];

    for (size_t i = 0; i < LINES; i++) {
        struct ln_id n = { { 1 } };
        memcpy(n.b + 4, &i, sizeof i);
        ln_clock_id_write(id, &n);
        starts[i] = b.len;
        ln_buf_addf(
            &b,
            "{\"c\":\"counter\",\"f\":{\"birth\":\"1980-01-%02zu\",\"building\":\"b%zu\","
            "\"education\":\"20\",\"employer\":\"翠苑小学\",\"ethnic\":\"01\",\"floor\":%zu,"
            "\"job\":\"2-01\",\"kind\":\"local\",\"name\":\"居民%zu\",\"room\":\"%zu\",\"sex\":"
            "\"1\",\"status\":\"living\"},\"i\":\"%s\",\"o\":\"add\",\"t\":\"person@1\"}",
            i % 28 + 1, i % 90, i % 18, i, i % 700, id);
    }
    starts[LINES] = b.len;
    return b;
}

static void must(bool ok, const struct ln_err *err)
{
    if (!ok) {
        (void)fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static void bench_lines(const struct ln_buf *b, const size_t *starts)
{
    double parse[RUNS];
    double merge[RUNS];
    struct ln_err err = { 0 };

    for (int run = 0; run < RUNS; run++) {
        struct ln_merge_in in = { .n = 1, .eff = 1 };
        double t = now_s();
        for (size_t i = 0; i < LINES; i++)
            must(ln_change_read(&in.c, b->data + starts[i], starts[i + 1] - starts[i], &err), &err);
        parse[run] = LINES / (now_s() - t);
        t = now_s();
        for (size_t i = 0; i < LINES; i++) {
            struct ln_merged m = { 0 };
            must(ln_merge_add(&m, NULL, &in, &err), &err);
            ln_merge_free(&m);
        }
        merge[run] = LINES / (now_s() - t);
    }
    report("sync.parse", parse, "lines/s");
    report("sync.merge_add", merge, "changes/s");
}

static void add_lines(struct ln_buf *out, const struct ln_buf *b, const size_t *starts, size_t from)
{
    for (size_t i = from; i < from + 250; i++) {
        ln_buf_add(out, b->data + starts[i], starts[i + 1] - starts[i]);
        ln_buf_addc(out, '\n');
    }
}

static void bench_segments(const struct ln_buf *b, const size_t *starts)
{
    double build[RUNS];
    double read[RUNS];
    struct ln_segment_header h = { .seq = 1 };
    struct ln_segment s = { .seq = 1, .suite = 1, .n_files = 1 };
    struct ln_seckey sec;
    struct ln_pubkey pub;
    struct ln_ident id;
    struct ln_recipient to;
    struct ln_err err = { 0 };

    ln_key_make(&sec, &pub);
    ln_key_ident_make(&id);
    ln_key_ident_public(&to, &id);
    ln_key_node_id(s.log, "330106005055", &pub);
    (void)snprintf(h.log, sizeof h.log, "%s", s.log);
    (void)snprintf(h.audience, sizeof h.audience, "330106005055/c");
    (void)snprintf(h.epoch, sizeof h.epoch, "2026-11.1");
    (void)snprintf(s.files[0].name, sizeof s.files[0].name, "0123456789abcdef.age");
    for (int run = 0; run < RUNS; run++) {
        double seal_s = 0;
        double open_s = 0;
        for (size_t k = 0; k < SEGMENTS; k++) {
            struct ln_buf text = ln_buf_new(LN_SEGMENT_PLAIN_MAX);
            struct ln_buf file = ln_buf_new(LN_SEGMENT_FILE_MAX);
            struct ln_buf commit = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
            struct ln_buf tree = ln_buf_new(LN_SEGMENT_MESSAGE_MAX);
            struct ln_segment got;
            add_lines(&text, b, starts, k * 64);
            double t = now_s();
            must(ln_segment_seal(&file, &h, text.data, text.len, &to, &err), &err);
            s.files[0].sha = ln_encode_sha256(file.data, file.len);
            struct ln_sha1 blob = ln_segment_sha1("blob", file.data, file.len);
            must(ln_segment_build(&commit, &tree, &s, &blob, &sec, &err), &err);
            seal_s += now_s() - t;
            ln_buf_clear(&text);
            t = now_s();
            must(ln_segment_read(&got, commit.data, commit.len, &pub, &err), &err);
            must(ln_segment_open(&text, &h, file.data, file.len, &id, &err), &err);
            open_s += now_s() - t;
            ln_buf_free(&text);
            ln_buf_free(&file);
            ln_buf_free(&commit);
            ln_buf_free(&tree);
        }
        build[run] = SEGMENTS / seal_s;
        read[run] = SEGMENTS / open_s;
    }
    report("sync.segment_seal", build, "segments of 250/s");
    report("sync.segment_open", read, "segments of 250/s");
}

int main(void)
{
    static size_t starts[LINES + 1];

    if (sodium_init() < 0)
        return 1;
    struct ln_buf b = stream(starts);
    bench_lines(&b, starts);
    bench_segments(&b, starts);
    ln_buf_free(&b);
    return 0;
}
