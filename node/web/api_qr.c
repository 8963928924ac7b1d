/* A QR code (ISO/IEC 18004) of a short text as an SVG picture: for posters, slips, labels, papers.
 */
#include <qrencode.h>
#include <string.h>

#include "node/web/routes.h"

#define TEXT_MAX 400 /* bytes: still readable when printed 2 cm wide */
#define QUIET 4      /* modules of white around it, as the standard asks */

bool ln_api_qr_get(struct ln_call *c, struct ln_err *err)
{
    const char *text = ln_http_query(c->q, "text");

    if (text == NULL || text[0] == '\0' || strlen(text) > TEXT_MAX)
        return ln_fail(err, LN_INVALID, "text: 1 to %d bytes", TEXT_MAX);
    QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (qr == NULL)
        return ln_fail(err, LN_INVALID, "text: cannot be a QR code");
    int side = qr->width + 2 * QUIET;
    ln_buf_addf(&c->out->body,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
                "<path fill=\"#000\" d=\"",
                side, side, side, side);
    for (int y = 0; y < qr->width; y++)
        for (int x = 0; x < qr->width; x++)
            if (qr->data[y * qr->width + x] & 1)
                ln_buf_addf(&c->out->body, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
    ln_buf_adds(&c->out->body, "\"/></svg>\n");
    QRcode_free(qr);
    c->out->content_type = "image/svg+xml";
    (void)memcpy(c->out->cache, "public, max-age=86400", sizeof "public, max-age=86400");
    return true;
}
