/* Answers to the questions of a survey: whether they fit, and what they come to (MODULES M9). Pure:
 * works on JSON alone. Areas are counted in hundredths of a square metre. */
#ifndef LN_TALLY_H
#define LN_TALLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define LN_TALLY_QUESTIONS 99
#define LN_TALLY_TEXT 2000 /* bytes of one answer in words */

/* Appends {"field":"<no>","zh","en"} for everything wrong with `answers` ({"<no>": value}) to
 * `out`. `questions`: the f objects of the questions by number. An answer to a question that is not
 * shown is wrong, too. Returns how many. */
size_t ln_tally_check(json_t *out, const json_t *questions, const json_t *answers);

/* "89.5" → 8950. False: no number with at most two decimals and below ten million. */
bool ln_tally_area(int64_t *out, const char *text);
void ln_tally_area_text(char out[24], int64_t hundredths);

/* The ballots that count: the last of each token. `ballots` is an array of f objects of responses,
 * oldest first; the result is a new array. */
json_t *ln_tally_last(const json_t *ballots);
/* {"<no>": [{"option","heads","area"}]} for choices and ranks (a rank counts points: the first
 * of n gets n), {"<no>": {"n","sum"}} for numbers and scales, {"<no>": {"n"}} for words and days.
 */
json_t *ln_tally_count(const json_t *questions, const json_t *last);
/* {"heads","heads_all","area","area_all","ballots","paper"}: areas as texts. `roll`: f objects. */
json_t *ln_tally_turnout(const json_t *roll, const json_t *last);

/* "2/3": at least; whether part/whole reaches it. `above`: must be more than it. A whole of 0 never
 * does. */
bool ln_tally_reaches(int64_t part, int64_t whole, const char *fraction, bool above);
bool ln_tally_fraction(const char *text); /* well-formed, between 0/1 and 1/1 */
/* {"<no>": true|false} for each question with one choice: its first option is "for". Counted among
 * those who took part, by heads and, when there are areas, by area; all false without the quorum.
 * `pass` of 1/2 means more than half, anything else at least. */
json_t *ln_tally_passed(const json_t *questions, const json_t *counts, const json_t *turnout,
                        const char *quorum, const char *pass);
bool ln_tally_quorum(const json_t *turnout, const char *quorum);

#endif
