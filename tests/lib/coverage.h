/* For `make coverage`: gcov counts a branch behind each call, also where there is none. ln_fail and
 * ln_wrap return false, as their header says; here the compiler knows. */
#ifndef LN_TEST_COVERAGE_H
#define LN_TEST_COVERAGE_H

#include "crypto/base/err.h"

#define ln_fail(...) (ln_fail(__VA_ARGS__), false)
#define ln_wrap(...) (ln_wrap(__VA_ARGS__), false)

#endif
