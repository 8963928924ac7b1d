/* A thread's language is its locale; texts in both: see say.h. */
#include "node/say.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

/* A thread that answers somebody else has a locale of its own, which tells their language. */
#define OTHER_ZH "C.UTF-8"
#define OTHER_EN "C"

locale_t ln_say_locale(bool zh)
{
    return newlocale(LC_ALL_MASK, zh ? OTHER_ZH : OTHER_EN, (locale_t)0);
}

locale_t ln_say_in(bool zh)
{
    locale_t other = ln_say_locale(zh);

    if (other != (locale_t)0)
        (void)uselocale(other);
    return other;
}

void ln_say_done(locale_t other)
{
    (void)uselocale(LC_GLOBAL_LOCALE);
    if (other != (locale_t)0)
        freelocale(other);
}

bool ln_say_zh(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    if (uselocale((locale_t)0) != LC_GLOBAL_LOCALE)
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *v = getenv(names[i]);
        if (v != NULL && v[0] != '\0')
            return strncmp(v, "zh", 2) == 0;
    }
    return false;
}

struct ln_span ln_say_part(const char *text, bool zh)
{
    const char *between = strstr(text, LN_SAY_BETWEEN);

    if (between == NULL)
        return ln_span_of(text);
    return zh ? (struct ln_span){ text, (size_t)(between - text) }
              : ln_span_of(between + strlen(LN_SAY_BETWEEN));
}
