/* Commands about the nodes below: invite, renew, revoke, rotate, nodes. */
#include <inttypes.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cmd/cmd.h"
#include "node/syncer.h"
#include "node/tree.h"

/* Two rows a line of text, with a quiet zone. */
static void add_qr(struct ln_buf *out, const char *text)
{
    QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    for (int y = -2; q != NULL && y < q->width + 2; y += 2) {
        for (int x = -2; x < q->width + 2; x++) {
            bool in = x >= 0 && x < q->width;
            bool up = in && y >= 0 && y < q->width && (q->data[y * q->width + x] & 1) != 0;
            bool low =
                in && y + 1 >= 0 && y + 1 < q->width && (q->data[(y + 1) * q->width + x] & 1) != 0;
            ln_buf_adds(out, up && low ? " " : up ? "▄" : low ? "▀" : "█");
        }
        ln_buf_addc(out, '\n');
    }
    QRcode_free(q);
}

bool ln_cmd_invite(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_invite want = { .role = LN_ROLE_COMMUNITY };
    char code[LN_CODE_TEXT_MAX];
    char card[LN_TREE_CARD_MAX];
    const char *region =
        ln_cmd_arg(args, "region")[0] != '\0' ? ln_cmd_arg(args, "region") : n->config.region;

    if (strlen(region) != LN_REGION_LEN)
        return ln_fail(err, LN_INVALID, LN_SAY("区划代码为 12 位数字", "a region has 12 digits"));
    memcpy(want.region, region, LN_REGION_LEN + 1);
    (void)snprintf(want.continues, sizeof want.continues, "%s", ln_cmd_arg(args, "continues"));
    if (!ln_cert_role_read(&want.role, ln_span_of(ln_cmd_arg(args, "role"))))
        return ln_fail(err, LN_INVALID, LN_SAY("没有角色“%s”", "unknown role \"%s\""),
                       ln_cmd_arg(args, "role"));
    if (!ln_tree_grids(want.grids, &want.n_grids, ln_cmd_arg(args, "grid"), err) ||
        !ln_tree_invite(n, &want, ln_cmd_arg(args, "address"), code, card, err))
        return false;
    ln_buf_addf(out,
                LN_SAY("给 %s 的邀请码，%d 小时内有效，只能用一次：\n",
                       "Invitation for %s, valid for %d hours, once:\n"),
                want.region, LN_JOIN_HOURS);
    if (ln_cmd_arg(args, "address")[0] != '\0') {
        add_qr(out, card);
        ln_buf_addf(out, "%s\n", card);
    }
    ln_buf_addf(out, "%s\n", code);
    return true;
}

bool ln_cmd_renew(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct ln_renewal want = { .regrid = json_object_get(args, "grid") != NULL };
    const char *days = ln_cmd_arg(args, "days");
    char *end = NULL;

    if (days[0] != '\0') {
        want.days = strtoll(days, &end, 10);
        if (*end != '\0' || want.days < 1 || want.days > 400)
            return ln_fail(err, LN_INVALID,
                           LN_SAY("--days 应为 1 至 400", "--days takes a number from 1 to 400"));
    }
    if (!ln_tree_grids(want.grids, &want.n_grids, ln_cmd_arg(args, "grid"), err) ||
        !ln_tree_renew(n, ln_cmd_arg(args, "node"), &want, err))
        return false;
    ln_buf_addf(out, LN_SAY("已为 %s 签发新证书\n", "%s has a new certificate\n"),
                ln_cmd_arg(args, "node"));
    return true;
}

bool ln_cmd_revoke(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    const char *node = ln_cmd_arg(args, "node");
    const char *text = ln_cmd_arg(args, "after");
    uint64_t after = UINT64_MAX;
    char *end = NULL;

    if (text[0] != '\0') {
        after = strtoull(text, &end, 10);
        if (*end != '\0' || text[0] == '-' || after == UINT64_MAX)
            return ln_fail(err, LN_INVALID, LN_SAY("--after 需要段号", "--after takes a number"));
    }
    if (!ln_cmd_on(args, "yes"))
        return ln_fail(err, LN_INVALID,
                       LN_SAY("吊销 %s 不可撤销：确认请加 --yes",
                              "revoking %s cannot be undone: add --yes to confirm"),
                       node);
    if (!ln_tree_revoke(n, node, &after, err))
        return false;
    ln_buf_addf(out,
                LN_SAY("已吊销 %s：第 %" PRIu64 " 段及以前有效，之后无效\n",
                       "revoked %s: segments up to %" PRIu64 " hold, later ones are void\n"),
                node, after);
    return true;
}

static bool rotate_job(void *arg_, struct ln_replica *r, struct ln_err *err)
{
    return ln_replica_rotate(r, true, arg_, err);
}

bool ln_cmd_rotate(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    unsigned minted = 0;

    if (ln_cmd_on(args, "own")) {
        if (!ln_node_rotate_age(n, err))
            return false;
        if (n->syncer != NULL)
            ln_syncer_poke(n->syncer);
        ln_buf_adds(out, n->config.parent[0] == '\0'
                             ? LN_SAY("已更换解密密钥\n", "the reading key is a new one\n")
                             : LN_SAY("已生成新的解密密钥，上级签发新证书后启用\n",
                                      "a new reading key is made; it is used once the parent has "
                                      "certified it\n"));
        return true;
    }
    if (!ln_queue_write(n->queue, rotate_job, &minted, err) || !ln_node_seal(n, err))
        return false;
    if (n->syncer != NULL)
        ln_syncer_poke(n->syncer);
    ln_buf_addf(out, LN_SAY("已为 %u 个范围换新密钥\n", "%u audiences have a new key\n"), minted);
    return true;
}

struct board_job {
    struct ln_node *n;
    json_t *board;
};

static bool read_board(void *arg_, struct ln_store *reader, const struct ln_authority *a,
                       struct ln_err *err)
{
    struct board_job *j = arg_;

    return ln_tree_board(&j->board, j->n, reader, a, err);
}

static void add_line(struct ln_buf *out, const json_t *o)
{
    const json_t *alarms = json_object_get(o, "alarms");
    json_int_t lag = json_integer_value(json_object_get(o, "lag_s"));
    size_t i;
    json_t *one;

    ln_buf_addf(out, "%s  %-12s %s  %" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT "  ",
                ln_cmd_arg(o, "node"), ln_cmd_arg(o, "role"), ln_cmd_arg(o, "name"),
                json_integer_value(json_object_get(o, "receipt")),
                json_integer_value(json_object_get(o, "seq")));
    if (json_integer_value(json_object_get(o, "revoked")) > 0)
        ln_buf_adds(out, LN_SAY("已吊销", "revoked"));
    else if (json_is_integer(json_object_get(o, "lag_s")))
        ln_buf_addf(out, LN_SAY("%" JSON_INTEGER_FORMAT " 秒前", "%" JSON_INTEGER_FORMAT " s ago"),
                    lag);
    json_array_foreach(alarms, i, one)
        ln_buf_addf(out, "  ! %s", ln_cmd_arg(one, LN_SAY("zh", "en")));
    ln_buf_addc(out, '\n');
}

bool ln_cmd_nodes(struct ln_node *n, const json_t *args, struct ln_buf *out, struct ln_err *err)
{
    struct board_job j = { .n = n };
    size_t i;
    json_t *o;

    if (!n->access.read(n->access.ctx, read_board, &j, err))
        return false;
    if (ln_cmd_on(args, "json")) {
        ln_cmd_json(out, j.board);
        return true;
    }
    json_array_foreach(json_object_get(j.board, "items"), i, o) add_line(out, o);
    json_decref(j.board);
    return true;
}
