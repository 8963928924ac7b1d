/* Personal parts of a text: see redact.h. */
#include "node/module/redact.h"

#include <string.h>

#define ROOM "室"
#define MOBILE 11
#define ID_OLD 15
#define ID_NEW 18

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(const char *p)
{
    size_t n = 0;

    while (digit(p[n]))
        n++;
    return n;
}

/* Length of the number at p that names a person, 0 none. p stands where a run of digits begins. */
static size_t number_at(const char *p)
{
    size_t n = digits_at(p);

    if (n == ID_NEW - 1 && (p[n] == 'X' || p[n] == 'x'))
        return ID_NEW;
    if (n == ID_NEW || n == ID_OLD || (n == MOBILE && p[0] == '1'))
        return n;
    return n >= 2 && strncmp(p + n, ROOM, sizeof ROOM - 1) == 0 ? n : 0;
}

static size_t word_at(const char *p, const char *const *words)
{
    size_t longest = 0;

    for (; words != NULL && *words != NULL; words++) {
        size_t len = strlen(*words);
        bool several = len > 3 || (len > 1 && ((unsigned char)(*words)[0] & 0x80) == 0);
        if (several && len > longest && strncmp(p, *words, len) == 0)
            longest = len;
    }
    return longest;
}

size_t ln_redact(struct ln_buf *out, const char *text, const char *const *words)
{
    size_t n = 0;

    for (const char *p = text; *p != '\0';) {
        bool begins = digit(*p) && (p == text || !digit(p[-1]));
        size_t gone = word_at(p, words);
        if (gone == 0 && begins)
            gone = number_at(p);
        if (gone == 0) {
            ln_buf_addc(out, *p++);
            continue;
        }
        ln_buf_adds(out, LN_REDACT_MARK);
        p += gone;
        n++;
    }
    return n;
}
