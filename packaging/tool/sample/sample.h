/* What the files of the generator share (main.c says what it makes): one community in the year
 * before a given day, from a seed. A module's records stand in the file of its name; each file has
 * one function, called by main.c in the order in which references need it. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ID_LEN 20
#define FIELDS_MAX 32
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define N_HOME 8
#define N_BUILDING 22
#define N_GRID 12
#define N_CATEGORY 6
#define DAY_MS 86400000
#define HOME_REGION "330106005055" /* the community that the texts are written for */
#define HOME_PLACE "翠苑一区"

struct id {
    char text[ID_LEN + 1];
};
struct person {
    struct id id;
    char name[32], id_no[19], birth[11], phone[16];
    bool male, cared_for;
    int dwelling, relation;
};
struct dwelling {
    struct id id, household;
    int building, unit, floor, first, n;
    char room[24];
};
struct field {
    const char *key;
    char value[900]; /* JSON */
};
struct row {
    struct field f[FIELDS_MAX];
    int n;
};
enum { COMMITTEE, PARTY, CENTRE, WORKERS, OWNERS, PROPERTY, SOCIAL, VOLUNTEERS }; /* s->home */
struct sample {
    const char *dir, *region, *place; /* of the community */
    uint64_t rng, ticks;
    int64_t today_ms; /* 00:00 in China of the day the sample ends on */
    int64_t now_ms;   /* when what is written next happened */
    int n_person, n_dwelling, n_file;
    struct person *person;
    struct dwelling *dwelling;
    struct id home[N_HOME], building[N_BUILDING], grid[N_GRID], category[N_CATEGORY];
    FILE *out;
    const char *collection;
};

/* ---- chance and time */
void die(const char *what) __attribute__((noreturn));
int below(struct sample *s, int n);  /* 0..n-1 */
char check_digit(const char *id_no); /* of its first 17 digits */
/* What follows happened so many days before the sample's day, at this hour; never after it. */
void happened(struct sample *s, int days_ago, int hour);
/* The same, so many hours later. */
void later(struct sample *s, int hours);
/* A day before (or, negative, after) the sample's day as YYYY-MM-DD. */
void day_text(const struct sample *s, char out[11], int days_ago);

/* ---- records: canonical change lines */
void open_file(struct sample *s, const char *collection);
void put(struct row *r, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Texts of the sample hold neither quotes nor control characters. */
#define puts_(r, key, text) put(r, key, "\"%s\"", text)
#define put_ref(r, key, id) put(r, key, "\"%s\"", (id).text)
void put_day(const struct sample *s, struct row *r, const char *key, int days_ago);
/* A number as people say it (MODULES R4). */
void put_number(const struct sample *s, struct row *r, char letter, int serial);
struct id add(struct sample *s, struct row *r);
/* Fields that the record had not before. */
void set(struct sample *s, struct id record, struct row *r);
/* `before`: the step before, or the record itself; gives this one. */
struct id step(struct sample *s, struct id record, struct id before, const char *action,
               const char *to);

const struct person *anybody(struct sample *s);
const struct person *grown_up(struct sample *s);

/* ---- the files */
void sample_settle(struct sample *s); /* people into dwellings, before anything is written */
void sample_registry(struct sample *s);
void sample_publish(struct sample *s);
void sample_ticket(struct sample *s);
void sample_merchant(struct sample *s);
void sample_message(struct sample *s);
void sample_work(struct sample *s);
void sample_asset(struct sample *s);
void sample_service(struct sample *s);
void sample_survey(struct sample *s);
void sample_volunteer(struct sample *s);
void sample_sheet(struct sample *s); /* the clerk's table */

#endif
