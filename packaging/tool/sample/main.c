/* Generator of an invented community, for `make run`, import tests and benchmarks. Nobody in it is
 * real: names are drawn from common characters, telephone numbers use a prefix no operator has.
 *   sample --out DIR [--seed N] [--persons N] [--dwellings N] [--today YYYY-MM-DD]
 *          [--region CODE] [--place NAME]
 * Writes DIR/<nn>-<collection>.jsonl (changes in canonical form, in the order in which references
 * need them, of the year before the given day), DIR/residents.xlsx, .csv and -gb18030.csv (a
 * clerk's table with a clerk's mistakes), DIR/residents-2.csv (the same a month later) and
 * DIR/expected.json (how many mistakes of each kind). Same seed and day, same bytes. */
#include "sample.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CHINA_S 28800 /* UTC+8 */
#define HOUR_MS 3600000

void die(const char *what)
{
    (void)fprintf(stderr, "sample: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next(struct sample *s)
{
    uint64_t z = (s->rng += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

int below(struct sample *s, int n)
{
    return (int)(next(s) % (uint64_t)n);
}

/* ---- time */

void happened(struct sample *s, int days_ago, int hour)
{
    int64_t latest = s->today_ms - 60 * 60000;

    s->now_ms = s->today_ms - (int64_t)days_ago * DAY_MS + (int64_t)hour * HOUR_MS;
    if (s->now_ms > latest)
        s->now_ms = latest;
}

void later(struct sample *s, int hours)
{
    s->now_ms += (int64_t)hours * HOUR_MS;
}

void day_text(const struct sample *s, char out[11], int days_ago)
{
    time_t t = (time_t)(s->today_ms / 1000 + CHINA_S - (int64_t)days_ago * 86400);
    struct tm tm = { 0 };

    (void)gmtime_r(&t, &tm);
    (void)strftime(out, 11, "%Y-%m-%d", &tm);
}

/* ---- records */

/* 48 bits of ms, 16 of counter, 32 random: base32hex, as every change id */
static struct id new_id(struct sample *s)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    uint64_t ms = (uint64_t)s->now_ms + s->ticks++ % 1000; /* the random part keeps them apart */
    uint32_t low = (uint32_t)next(s);
    struct id id = { 0 };

    for (int i = 0; i < ID_LEN; i++) {
        unsigned v = 0;
        for (int bit = i * 5; bit < i * 5 + 5; bit++) {
            unsigned b = bit < 48   ? (unsigned)(ms >> (47 - bit)) & 1
                         : bit < 64 ? 0
                         : bit < 96 ? (low >> (95 - bit)) & 1
                                    : 0;
            v = v * 2 + b;
        }
        id.text[i] = digits[v];
    }
    return id;
}

void put(struct row *r, const char *key, const char *fmt, ...)
{
    va_list args;

    if (r->n == FIELDS_MAX)
        die("too many fields");
    r->f[r->n].key = key;
    va_start(args, fmt);
    int n = vsnprintf(r->f[r->n].value, sizeof r->f[0].value, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof r->f[0].value)
        die("value too long");
    r->n++;
}

void put_day(const struct sample *s, struct row *r, const char *key, int days_ago)
{
    char day[11];

    day_text(s, day, days_ago);
    puts_(r, key, day);
}

void put_number(const struct sample *s, struct row *r, char letter, int serial)
{
    char day[11];

    day_text(s, day, (int)((s->today_ms + DAY_MS - 1 - s->now_ms) / DAY_MS));
    put(r, "no", "\"%c%s-%.2s%.2s%.2s-S%d\"", letter, HOME_REGION, day + 2, day + 5, day + 8,
        serial);
}

static int by_key(const void *a, const void *b)
{
    const struct field *x = a;
    const struct field *y = b;

    return strcmp(x->key, y->key);
}

void open_file(struct sample *s, const char *collection)
{
    char name[512];

    if (s->out != NULL && fclose(s->out) != 0)
        die("cannot write");
    (void)snprintf(name, sizeof name, "%s/%02d-%s.jsonl", s->dir, ++s->n_file, collection);
    s->out = fopen(name, "w");
    if (s->out == NULL)
        die(name);
    s->collection = collection;
}

/* The texts are those of one community; another one puts its own name and code in their place. */
static void print_value(const struct sample *s, const char *text)
{
    const struct {
        const char *from, *to;
    } names[] = { { HOME_PLACE, s->place }, { HOME_REGION, s->region } };

    while (*text != '\0') {
        int hit = -1;
        for (int i = 0; i < COUNT(names); i++)
            if (strncmp(text, names[i].from, strlen(names[i].from)) == 0)
                hit = i;
        if (hit >= 0) {
            (void)fputs(names[hit].to, s->out);
            text += strlen(names[hit].from);
        } else
            (void)fputc(*text++, s->out);
    }
}

static void fields(struct sample *s, struct row *r)
{
    qsort(r->f, (size_t)r->n, sizeof r->f[0], by_key);
    for (int i = 0; i < r->n; i++) {
        (void)fprintf(s->out, "%s\"%s\":", i > 0 ? "," : "", r->f[i].key);
        print_value(s, r->f[i].value);
    }
}

struct id add(struct sample *s, struct row *r)
{
    struct id id = new_id(s);

    (void)fprintf(s->out, "{\"f\":{");
    fields(s, r);
    (void)fprintf(s->out, "},\"i\":\"%s\",\"o\":\"add\",\"t\":\"%s@1\"}\n", id.text, s->collection);
    return id;
}

void set(struct sample *s, struct id record, struct row *r)
{
    struct id id = new_id(s);

    (void)fprintf(s->out, "{\"f\":{");
    fields(s, r);
    (void)fprintf(s->out, "},\"i\":\"%s\",\"o\":\"set\",\"r\":\"%s\",\"t\":\"%s@1\"}\n", id.text,
                  record.text, s->collection);
}

struct id step(struct sample *s, struct id record, struct id before, const char *action,
               const char *to)
{
    struct id id = new_id(s);

    (void)fputc('{', s->out);
    if (strcmp(record.text, before.text) != 0)
        (void)fprintf(s->out, "\"b\":[\"%s\"],", before.text);
    (void)fprintf(s->out,
                  "\"f\":{\"action\":\"%s\",\"to\":\"%s\"},\"i\":\"%s\",\"o\":\"step\",\"r\":\"%"
                  "s\",\"t\":\"%s@1\"}\n",
                  action, to, id.text, record.text, s->collection);
    return id;
}

const struct person *anybody(struct sample *s)
{
    return &s->person[below(s, s->n_person)];
}

const struct person *grown_up(struct sample *s)
{
    for (;;) {
        const struct person *p = anybody(s);
        if (p->phone[0] != '\0' && strtol(p->birth, NULL, 10) <= 2005)
            return p;
    }
}

static bool read_today(struct sample *s, const char *text)
{
    struct tm tm = { 0 };

    if (strptime(text, "%Y-%m-%d", &tm) == NULL)
        return false;
    s->today_ms = ((int64_t)timegm(&tm) - CHINA_S) * 1000;
    return true;
}

int main(int argc, char **argv)
{
    struct sample s = {
        .rng = 1, .n_person = 3000, .n_dwelling = 1100, .region = HOME_REGION, .place = HOME_PLACE
    };

    (void)read_today(&s, "2026-11-25");
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--out") == 0)
            s.dir = argv[i + 1];
        else if (strcmp(argv[i], "--seed") == 0)
            s.rng = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--persons") == 0)
            s.n_person = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--dwellings") == 0)
            s.n_dwelling = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--region") == 0)
            s.region = argv[i + 1];
        else if (strcmp(argv[i], "--place") == 0)
            s.place = argv[i + 1];
        else if (strcmp(argv[i], "--today") != 0 || !read_today(&s, argv[i + 1]))
            s.dir = NULL, i = argc;
    }
    if (s.dir == NULL || s.n_person < 200 || s.n_person > 20000 || s.n_dwelling < 100 ||
        s.n_dwelling > 20000 || strlen(s.region) != strlen(HOME_REGION) ||
        strspn(s.region, "0123456789") != strlen(s.region) || strpbrk(s.place, "\"\\") != NULL) {
        (void)fprintf(stderr, "sample --out DIR [--seed N] [--persons 200..20000] "
                              "[--dwellings 100..20000] [--today YYYY-MM-DD] [--region CODE] "
                              "[--place NAME]\n");
        return 2;
    }
    if (mkdir(s.dir, 0777) != 0 && errno != EEXIST)
        die(s.dir);
    s.person = calloc((size_t)s.n_person, sizeof *s.person);
    s.dwelling = calloc((size_t)s.n_dwelling, sizeof *s.dwelling);
    if (s.person == NULL || s.dwelling == NULL)
        die("memory");
    sample_settle(&s);
    sample_registry(&s);
    sample_publish(&s);
    sample_ticket(&s);
    sample_merchant(&s);
    sample_message(&s);
    sample_work(&s);
    sample_asset(&s);
    sample_service(&s);
    sample_survey(&s);
    sample_volunteer(&s);
    if (fclose(s.out) != 0)
        die("cannot write");
    sample_sheet(&s);
    free(s.person);
    free(s.dwelling);
    return 0;
}
