/* The SSH wire format and its armour: see wire.h. */
#include "crypto/wire.h"

#include <assert.h>
#include <string.h>

#include "crypto/encode.h"

#define LINE_MAX_CHARS 76

void ln_wire_add_u32(struct ln_buf *out, uint32_t n)
{
    uint8_t b[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

    ln_buf_add(out, b, sizeof b);
}

void ln_wire_add_string(struct ln_buf *out, const void *data, size_t len)
{
    assert(len <= UINT32_MAX);
    ln_wire_add_u32(out, (uint32_t)len);
    ln_buf_add(out, data, len);
}

void ln_wire_add_text(struct ln_buf *out, const char *text)
{
    ln_wire_add_string(out, text, strlen(text));
}

bool ln_wire_u32(uint32_t *out, struct ln_span *in)
{
    if (in->len < 4)
        return false;
    const uint8_t *b = (const uint8_t *)in->p;
    *out = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    in->p += 4;
    in->len -= 4;
    return true;
}

bool ln_wire_string(struct ln_span *out, struct ln_span *in)
{
    struct ln_span rest = *in;
    uint32_t len;

    if (!ln_wire_u32(&len, &rest) || len > rest.len)
        return false;
    *out = (struct ln_span){ rest.p, len };
    *in = (struct ln_span){ rest.p + len, rest.len - len };
    return true;
}

bool ln_wire_expect(struct ln_span *in, const char *text)
{
    struct ln_span rest = *in;
    struct ln_span got;

    if (!ln_wire_string(&got, &rest) || !ln_span_is(got, text))
        return false;
    *in = rest;
    return true;
}

bool ln_wire_bytes(void *out, size_t len, struct ln_span *in)
{
    struct ln_span rest = *in;
    struct ln_span got;

    if (!ln_wire_string(&got, &rest) || got.len != len)
        return false;
    memcpy(out, got.p, len);
    *in = rest;
    return true;
}

void ln_wire_armour(struct ln_buf *out, const char *label, const void *data, size_t len,
                    size_t width)
{
    struct ln_buf text = ln_buf_secret(out->max);

    ln_encode_base64(&text, data, len, true);
    out->over = out->over || text.over;
    ln_buf_addf(out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < text.len; at += width) {
        ln_buf_add(out, text.data + at, text.len - at < width ? text.len - at : width);
        ln_buf_addc(out, '\n');
    }
    ln_buf_addf(out, "-----END %s-----\n", label);
    ln_buf_free(&text);
}

/* Takes one line without its end; false at the end of the text. */
static bool next_line(struct ln_span *line, struct ln_span *text)
{
    if (text->len == 0)
        return false;
    const char *stop = memchr(text->p, '\n', text->len);
    size_t len = stop != NULL ? (size_t)(stop - text->p) : text->len;
    size_t used = stop != NULL ? len + 1 : len;
    *line = (struct ln_span){ text->p, len };
    if (len > 0 && line->p[len - 1] == '\r')
        line->len--;
    text->p += used;
    text->len -= used;
    return true;
}

static bool is_border(struct ln_span line, const char *word, const char *label)
{
    char want[80];
    int n = snprintf(want, sizeof want, "-----%s %s-----", word, label);

    assert(n > 0 && (size_t)n < sizeof want);
    return ln_span_is(line, want);
}

bool ln_wire_unarmour(struct ln_buf *out, const char *label, const char *text, size_t len)
{
    struct ln_span rest = { text, len };
    struct ln_span line;
    struct ln_buf body = ln_buf_secret(len);
    bool ended = false;
    bool ok = false;

    if (!next_line(&line, &rest) || !is_border(line, "BEGIN", label))
        goto out;
    while (!ended && next_line(&line, &rest)) {
        ended = is_border(line, "END", label);
        if (line.len == 0 || line.len > LINE_MAX_CHARS)
            goto out;
        if (!ended)
            ln_buf_add(&body, line.p, line.len);
    }
    struct ln_span joined = { body.data, body.len };
    ok = ended && rest.len == 0 && ln_encode_unbase64(out, joined, true);
out:
    ln_buf_free(&body);
    return ok;
}
