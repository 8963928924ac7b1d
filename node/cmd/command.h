/* The commands as data: what each takes, and what it says of itself. Parsing, `--help` and the
 * manual pages come from this table; a command is added here and in run.c. */
#ifndef LN_COMMAND_H
#define LN_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#define LN_COMMAND_OPTIONS 12
#define LN_COMMAND_WORDS 2

struct ln_command_text {
    const char *zh, *en;
};
struct ln_command_option {
    const char *name;  /* "--dir"; NULL ends the list */
    const char *value; /* how its value is called; NULL: a flag */
    bool needed;
    struct ln_command_text help;
};
struct ln_command_word { /* what stands alone, in order */
    const char *name;    /* its key among the arguments; NULL: none */
    const char *shown;
    bool needed;
    struct ln_command_text help;
};
struct ln_command {
    const char *name;
    struct ln_command_text what; /* one sentence */
    struct ln_command_option options[LN_COMMAND_OPTIONS];
    struct ln_command_word words[LN_COMMAND_WORDS];
    bool path;                    /* its word "file" is a path of the caller's */
    struct ln_command_text notes; /* further lines of its help, NULL none */
    const char *example;          /* without "linli " */
};
extern const struct ln_command ln_commands[];
extern const size_t ln_commands_n;

const struct ln_command *ln_command_find(const char *name); /* NULL = no such command */
const struct ln_command_option *ln_command_option(const struct ln_command *c, const char *name);
/* `linli NAME --help`, and the list of all. */
void ln_command_help(FILE *to, const struct ln_command *c, bool zh);
void ln_command_list(FILE *to, bool zh);
/* The commands as a part of a manual page (roff, man macros): `linli help --roff`. */
void ln_command_roff(FILE *to, bool zh);

#endif
