/* What every unit test includes: cmocka, and TEST(a_sentence) { ... } with RUN_TESTS at the end of
 * the file. */
#ifndef LN_TEST_H
#define LN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/buf.h"
#include "crypto/base/err.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* main() that runs the given tests; F= of make chooses by pattern (CMOCKA_TEST_FILTER). */
#define RUN_TESTS(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                                         \
        const char *filter = getenv("CMOCKA_TEST_FILTER");                                         \
        if (filter != NULL && filter[0] != '\0')                                                   \
            cmocka_set_test_filter(filter);                                                        \
        test_start();                                                                              \
        return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL) == 0 ? 0 : 1;              \
    }
#define T(name) cmocka_unit_test(name)

/* Starts libsodium and whatever else the program's main starts. */
void test_start(void);

/* Fails the running test with err's text when `ok` is false. */
#define MUST(ok)                                                                                   \
    do {                                                                                           \
        if (!(ok))                                                                                 \
            fail_msg("%s: %s", #ok, err.text);                                                     \
    } while (0)

/* Waits for what another thread brings about; after half a minute the test fails. */
#define UNTIL(condition)                                                                           \
    for (int i_ = 0; !(condition); i_++) {                                                         \
        if (i_ == 1500)                                                                            \
            fail_msg("never: %s", #condition);                                                     \
        (void)nanosleep(&(struct timespec){ 0, 20000000 }, NULL);                                  \
    }

/* Reads tests/vectors/<name> (from the root of the checkout). Freed by the caller. */
struct ln_buf test_vector(const char *name);
/* Makes an empty directory for one test; test_rmdir removes it with everything in it. */
void test_mkdir(char out[64]);
void test_rmdir(const char *dir);

#endif
