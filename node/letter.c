/* The index of a letter: see letter.h. */
#include "node/letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/base/alloc.h"
#include "crypto/canon.h"
#include "crypto/sshsig.h"
#include "node/bundle.h"
#include "node/say.h"
#include "sync/files.h"
#include "sync/message.h"

#define META "stick/"
#define META_MAX (1 << 20)
#define HEX 64
#define FOR "-for-"

static const struct {
    const char *word, *begin, *end;
    uint64_t max;
} KINDS[] = {
    [LN_LETTER_LOG] = { "log", "", ".bundle", LN_BUNDLE_MAX },
    [LN_LETTER_KEYS] = { "keys", "keys-", ".json", LN_MESSAGE_NOTE_MAX },
    [LN_LETTER_ESCROW] = { "escrow", "escrow-", ".keys", LN_MESSAGE_NOTE_MAX },
    [LN_LETTER_FILE] = { "file", "", ".age", LN_FILES_MAX },
};
#define N_KINDS (sizeof KINDS / sizeof KINDS[0])

const char *ln_letter_kind_word(enum ln_letter_kind kind)
{
    return KINDS[kind].word;
}

/* ---- names */

void ln_letter_folder(char out[LN_LETTER_FOLDER_MAX], const char *from, const char *to)
{
    (void)snprintf(out, LN_LETTER_FOLDER_MAX, "%s" FOR "%s", from, to);
}

static bool is_node(struct ln_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (strchr("0123456789-abcdefghijklmnopqrstuvwxyz", s.p[i]) == NULL)
            return false;
    return s.len > 0 && s.len < LN_NODE_ID_MAX;
}

bool ln_letter_folder_read(char from[LN_NODE_ID_MAX], char to[LN_NODE_ID_MAX], const char *name)
{
    const char *at = strstr(name, FOR);
    size_t len = at != NULL ? (size_t)(at - name) : 0;

    if (at == NULL || !is_node((struct ln_span){ name, len }) ||
        !is_node(ln_span_of(at + sizeof FOR - 1)))
        return false;
    memcpy(from, name, len);
    from[len] = '\0';
    (void)snprintf(to, LN_NODE_ID_MAX, "%s", at + sizeof FOR - 1);
    return true;
}

/* A plain name of its kind: no folder, no dot in front, nothing that a file system reads in another
 * way. */
static bool is_name(struct ln_span s, enum ln_letter_kind kind)
{
    size_t begin = strlen(KINDS[kind].begin);
    size_t end = strlen(KINDS[kind].end);

    for (size_t i = 0; i < s.len; i++)
        if (strchr("0123456789-.abcdefghijklmnopqrstuvwxyz", s.p[i]) == NULL)
            return false;
    return s.len > begin + end && s.len < LN_LETTER_NAME_MAX && s.p[0] != '.' && s.p[0] != '-' &&
           memcmp(s.p, KINDS[kind].begin, begin) == 0 &&
           memcmp(s.p + s.len - end, KINDS[kind].end, end) == 0;
}

/* ---- reading */

static bool bad(struct ln_err *err, const char *what)
{
    return ln_fail(err, LN_INVALID, LN_SAY("目录：%s", "index: %s"), what);
}

static bool word_of(struct ln_span object, const char *key, char *out, size_t room)
{
    struct ln_span item;
    struct ln_span word;

    if (!ln_canon_get(object, key, &item) || ln_canon_type(item) != LN_CANON_STRING ||
        !ln_canon_plain(item, &word) || word.len >= room || memchr(word.p, '\0', word.len) != NULL)
        return false;
    memcpy(out, word.p, word.len);
    out[word.len] = '\0';
    return true;
}

static bool number_of(struct ln_span object, const char *key, int64_t *out)
{
    struct ln_span item;

    if (!ln_canon_get(object, key, &item) || ln_canon_type(item) != LN_CANON_INT ||
        ln_canon_int(item) < 0)
        return false;
    *out = ln_canon_int(item);
    return true;
}

static bool read_kind(enum ln_letter_kind *out, struct ln_span object)
{
    char word[16];

    if (!word_of(object, "kind", word, sizeof word))
        return false;
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(KINDS[i].word, word) == 0) {
            *out = (enum ln_letter_kind)i;
            return true;
        }
    return false;
}

static bool read_file(struct ln_letter_file *f, struct ln_span o, struct ln_err *err)
{
    char hex[HEX + 1];
    int64_t size;
    int64_t first = 0;
    int64_t last = 0;

    if (ln_canon_type(o) != LN_CANON_OBJECT || !read_kind(&f->kind, o))
        return bad(err, LN_SAY("有一个种类不明的文件", "a file of no known kind"));
    if (!word_of(o, "name", f->name, sizeof f->name) || !is_name(ln_span_of(f->name), f->kind))
        return bad(err, LN_SAY("有一个名称不是这类文件的文件名",
                               "a name that is no plain file name of its kind"));
    if (!number_of(o, "size", &size) || size < 1 || (uint64_t)size > KINDS[f->kind].max)
        return ln_fail(err, LN_INVALID,
                       LN_SAY("目录：%s 超过这类文件的上限",
                              "index: %s is larger than a file of its kind may be"),
                       f->name);
    if (!word_of(o, "sha", hex, sizeof hex) ||
        !ln_encode_unhex(f->sha.b, sizeof f->sha.b, ln_span_of(hex)))
        return bad(err, LN_SAY("有一个文件没有 SHA-256", "a file without its SHA-256"));
    f->size = (uint64_t)size;
    if (f->kind != LN_LETTER_LOG)
        return true;
    if (!word_of(o, "log", f->log, sizeof f->log) || !number_of(o, "first", &first) ||
        !number_of(o, "last", &last) || first < 1 || last < first)
        return bad(
            err, LN_SAY("有一个 bundle 没有写明段号", "a bundle that does not tell its segments"));
    f->first = (uint64_t)first;
    f->last = (uint64_t)last;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool all_differ(const struct ln_letter *l)
{
    const char **names = ln_alloc_array(l->n + 1, sizeof *names);
    bool ok = true;

    for (size_t i = 0; i < l->n; i++)
        names[i] = l->files[i].name;
    qsort(names, l->n, sizeof *names, by_name);
    for (size_t i = 1; ok && i < l->n; i++)
        ok = strcmp(names[i - 1], names[i]) != 0;
    ln_free(names);
    return ok;
}

static bool read_files(struct ln_letter *l, struct ln_span list, struct ln_err *err)
{
    struct ln_span item;
    size_t at = 0;
    size_t cap = 0;

    if (ln_canon_type(list) != LN_CANON_ARRAY)
        return bad(err, LN_SAY("没有文件清单", "no list of files"));
    while (ln_canon_next(list, &at, NULL, &item)) {
        if (l->n == LN_LETTER_FILES)
            return ln_fail(err, LN_FULL,
                           LN_SAY("目录：文件多于 %d 个", "index: more than %d files"),
                           LN_LETTER_FILES);
        l->files = ln_grow(l->files, l->n, &cap, sizeof *l->files);
        l->files[l->n] = (struct ln_letter_file){ .size = 0 };
        if (!read_file(&l->files[l->n++], item, err))
            return false;
    }
    return all_differ(l) || bad(err, LN_SAY("有一个文件列了两次", "a file that is named twice"));
}

static bool array_of(struct ln_span object, const char *key, struct ln_span *out)
{
    return ln_canon_get(object, key, out) && ln_canon_type(*out) == LN_CANON_ARRAY;
}

static bool read_index(struct ln_letter *l, struct ln_err *err)
{
    struct ln_span o = { l->text.data, l->text.len };
    struct ln_span item;
    struct ln_id id;

    if (!ln_canon_check(o.p, o.len, err) || ln_canon_type(o) != LN_CANON_OBJECT)
        return bad(err, LN_SAY("不是规范的 JSON 对象", "no canonical object"));
    if (!word_of(o, "from", l->from, sizeof l->from) || !is_node(ln_span_of(l->from)) ||
        !word_of(o, "to", l->to, sizeof l->to) || !is_node(ln_span_of(l->to)) ||
        !word_of(o, "id", l->id, sizeof l->id) || !ln_clock_id_read(&id, ln_span_of(l->id)) ||
        !number_of(o, "t", &l->at_ms))
        return bad(err, LN_SAY("没有写明来自谁、给谁、何时",
                               "it does not tell from whom, for whom and when"));
    if (!array_of(o, "have", &l->have) || !array_of(o, "took", &l->took) ||
        !array_of(o, "want", &l->want))
        return bad(err, LN_SAY("没有写明写入者持有什么", "it does not tell what the writer holds"));
    l->restore = ln_canon_get(o, "restore", &item);
    return ln_canon_get(o, "files", &item) ? read_files(l, item, err)
                                           : bad(err, LN_SAY("没有文件清单", "no list of files"));
}

bool ln_letter_read(struct ln_letter *out, const void *text, size_t len, struct ln_err *err)
{
    struct ln_letter l = { .text = ln_buf_new(LN_LETTER_INDEX_MAX) };

    ln_buf_add(&l.text, text, len);
    if (ln_buf_done(&l.text, "index", err) && read_index(&l, err)) {
        *out = l;
        return true;
    }
    ln_letter_free(&l);
    return false;
}

void ln_letter_free(struct ln_letter *l)
{
    ln_free(l->files);
    ln_buf_free(&l->text);
    *l = (struct ln_letter){ .n = 0 };
}

/* ---- writing */

static void add_file(struct ln_buf *out, const struct ln_letter_file *f)
{
    if (f->kind == LN_LETTER_LOG)
        ln_buf_addf(out,
                    "{\"first\":%" PRIu64 ",\"kind\":\"log\",\"last\":%" PRIu64
                    ",\"log\":\"%s\",\"name\":\"%s\",\"sha\":\"",
                    f->first, f->last, f->log, f->name);
    else
        ln_buf_addf(out, "{\"kind\":\"%s\",\"name\":\"%s\",\"sha\":\"", KINDS[f->kind].word,
                    f->name);
    ln_encode_hex(out, f->sha.b, sizeof f->sha.b);
    ln_buf_addf(out, "\",\"size\":%" PRIu64 "}", f->size);
}

static void add_array(struct ln_buf *out, const char *key, struct ln_span list)
{
    ln_buf_addf(out, ",\"%s\":", key);
    if (list.p != NULL)
        ln_buf_add(out, list.p, list.len);
    else
        ln_buf_adds(out, "[]");
}

bool ln_letter_write(struct ln_letter *l, struct ln_err *err)
{
    struct ln_buf out = ln_buf_new(LN_LETTER_INDEX_MAX);

    ln_buf_adds(&out, "{\"files\":[");
    for (size_t i = 0; i < l->n; i++) {
        if (i > 0)
            ln_buf_addc(&out, ',');
        add_file(&out, &l->files[i]);
    }
    ln_buf_addf(&out, "],\"from\":\"%s\"", l->from);
    add_array(&out, "have", l->have);
    ln_buf_addf(&out, ",\"id\":\"%s\"%s,\"t\":%" PRId64 ",\"to\":\"%s\"", l->id,
                l->restore ? ",\"restore\":true" : "", l->at_ms, l->to);
    add_array(&out, "took", l->took);
    ln_buf_adds(&out, ",\"v\":1");
    add_array(&out, "want", l->want);
    ln_buf_addc(&out, '}');
    if (!ln_buf_done(&out, "index", err)) {
        ln_buf_free(&out);
        return false;
    }
    ln_buf_free(&l->text);
    l->text = out;
    return true;
}

/* ---- what is remembered: {"have","id","took","want"} */

void ln_letter_memory_free(struct ln_letter_memory *m)
{
    ln_buf_free(&m->text);
}

bool ln_letter_memory_read(struct ln_letter_memory *out, struct ln_store *reader, const char *node,
                           struct ln_err *err)
{
    char key[sizeof META + LN_NODE_ID_MAX];
    struct ln_err ignored = { 0 };
    bool found = false;

    *out = (struct ln_letter_memory){ .text = ln_buf_new(META_MAX) };
    (void)snprintf(key, sizeof key, META "%s", node);
    if (!reader->ops->meta_get(reader->ctx, key, &out->text, &found, err))
        return false;
    struct ln_span o = { out->text.data, out->text.len };
    if (!found || !ln_canon_check(o.p, o.len, &ignored) || ln_canon_type(o) != LN_CANON_OBJECT)
        return true;
    if (!word_of(o, "id", out->id, sizeof out->id))
        out->id[0] = '\0';
    (void)array_of(o, "have", &out->have);
    (void)array_of(o, "took", &out->took);
    (void)array_of(o, "want", &out->want);
    return true;
}

bool ln_letter_remember(struct ln_store *s, const struct ln_letter *l, struct ln_err *err)
{
    char key[sizeof META + LN_NODE_ID_MAX];
    struct ln_buf text = ln_buf_new(META_MAX);
    const char *comma = "";
    unsigned n = 0;

    ln_buf_adds(&text, "{\"have\":");
    ln_buf_add(&text, l->have.p, l->have.len);
    ln_buf_addf(&text, ",\"id\":\"%s\",\"took\":[", l->id);
    for (size_t i = 0; i < l->n && n < LN_LETTER_TOOK; i++)
        if (l->files[i].kind == LN_LETTER_KEYS || l->files[i].kind == LN_LETTER_FILE) {
            ln_buf_addf(&text, "%s\"", comma);
            ln_encode_hex(&text, l->files[i].sha.b, sizeof l->files[i].sha.b);
            ln_buf_addc(&text, '"');
            comma = ",";
            n++;
        }
    ln_buf_adds(&text, "],\"want\":");
    ln_buf_add(&text, l->want.p, l->want.len);
    ln_buf_addc(&text, '}');
    (void)snprintf(key, sizeof key, META "%s", l->from);
    bool ok = ln_buf_done(&text, "what a stick told", err) &&
              s->ops->meta_put(s->ctx, key, (struct ln_span){ text.data, text.len }, err);
    ln_buf_free(&text);
    return ok;
}

/* ---- judging */

static bool say(struct ln_judged *out, enum ln_verdict v, const char *detail)
{
    out->verdict = v;
    (void)snprintf(out->detail, sizeof out->detail, "%s", detail);
    return true;
}

static bool judge_signer(struct ln_judged *out, const struct ln_letter *l, const char *sig,
                         size_t sig_len, const struct ln_authority *a)
{
    const struct ln_cert *from = ln_authority_find(a, l->from);
    struct ln_err why = { 0 };
    struct ln_pubkey by;

    if (sig_len == 0)
        return !say(out, LN_VERDICT_UNFINISHED, "");
    if (!ln_sshsig_verify(&by, LN_LETTER_SPACE, l->text.data, l->text.len, sig, sig_len, &why))
        return !say(out, LN_VERDICT_FORGED, l->from);
    if (from == NULL)
        return !say(out, LN_VERDICT_UNKNOWN, l->from);
    if (memcmp(&by, &from->key, sizeof by) != 0)
        return !say(out, LN_VERDICT_FORGED, l->from);
    if (ln_authority_void_from(a, l->from) != 0)
        return !say(out, LN_VERDICT_REVOKED, l->from);
    return true;
}

static bool judge_reader(struct ln_judged *out, const struct ln_letter *l, const char *self,
                         const struct ln_authority *a)
{
    const struct ln_cert *me = ln_authority_find(a, self);
    const struct ln_cert *from = ln_authority_find(a, l->from);
    char place[LN_NODE_ID_MAX + LN_CERT_NAME_MAX + 8];
    const struct ln_cert *to = ln_authority_find(a, l->to);

    if (strcmp(l->from, self) == 0)
        return !say(out, LN_VERDICT_OWN, "");
    (void)snprintf(place, sizeof place, "%s %s", to != NULL ? to->name : "", l->to);
    if (strcmp(l->to, self) != 0 && !(l->restore && ln_authority_continues(a, self, l->to)))
        return !say(out, LN_VERDICT_OTHER, place);
    if (me == NULL || (strcmp(me->parent, l->from) != 0 && strcmp(from->parent, self) != 0 &&
                       !ln_authority_continues(a, self, from->parent)))
        return !say(out, LN_VERDICT_STRANGER, l->from);
    return true;
}

static void day_of(char out[24], int64_t ms)
{
    time_t s = (time_t)(ms / 1000 + 28800);
    struct tm t;

    (void)gmtime_r(&s, &t);
    (void)strftime(out, 24, "%Y-%m-%d %H:%M", &t);
}

static bool judge_order(struct ln_judged *out, const struct ln_letter *l, struct ln_store *reader,
                        bool *go_on, struct ln_err *err)
{
    struct ln_letter_memory m;
    char day[24];
    bool ok = ln_letter_memory_read(&m, reader, l->from, err);
    int order = ok ? strcmp(l->id, m.id) : 0;

    day_of(day, l->at_ms);
    if (ok && m.id[0] != '\0' && order <= 0 && !l->restore) {
        (void)say(out, order == 0 ? LN_VERDICT_KNOWN : LN_VERDICT_OLDER, day);
        *go_on = false;
    }
    ln_letter_memory_free(&m);
    return ok;
}

/* The files of one log stand in order; the first of them must reach what is here. */
static bool judge_gaps(struct ln_judged *out, const struct ln_letter *l, struct ln_store *reader,
                       struct ln_err *err)
{
    char where[128];
    uint64_t next = 0;

    for (size_t i = 0; i < l->n; i++) {
        const struct ln_letter_file *f = &l->files[i];
        if (f->kind != LN_LETTER_LOG)
            continue;
        if (i == 0 || strcmp(l->files[i - 1].log, f->log) != 0) {
            struct ln_store_log held = { 0 };
            if (!reader->ops->log_get(reader->ctx, &held, f->log, err))
                return false;
            next = held.n != 0 ? held.head + 1 : 1;
        }
        if (f->first > next) {
            (void)snprintf(where, sizeof where, "%s: %" PRIu64 " > %" PRIu64, f->log, f->first,
                           next);
            return say(out, LN_VERDICT_GAP, where);
        }
        next = f->last + 1 > next ? f->last + 1 : next;
    }
    return true;
}

bool ln_letter_judge(struct ln_judged *out, const struct ln_letter *l, const char *sig,
                     size_t sig_len, const char *self, struct ln_store *reader,
                     const struct ln_authority *a, struct ln_err *err)
{
    bool go_on = true;

    *out = (struct ln_judged){ .verdict = LN_VERDICT_GOOD };
    if (!judge_signer(out, l, sig, sig_len, a) || !judge_reader(out, l, self, a))
        return true;
    return judge_order(out, l, reader, &go_on, err) && (!go_on || judge_gaps(out, l, reader, err));
}

/* ---- words */

static const struct {
    const char *word, *zh, *en;
} VERDICTS[LN_VERDICTS] = {
    [LN_VERDICT_GOOD] = { "good", "可以读入", "it can be taken in" },
    [LN_VERDICT_KNOWN] = { "known", "已经读入过，没有新内容",
                           "it was taken in already: nothing new" },
    [LN_VERDICT_OLDER] = { "older", "比已读入的旧；较新的一份包含它的全部内容，不必再读",
                           "it is older than one that was taken in, which holds all of it: "
                           "leave it" },
    [LN_VERDICT_OTHER] = { "other", "是写给别的节点的，请交给那里",
                           "it is for another node: carry it there" },
    [LN_VERDICT_OWN] = { "own", "是本节点写出的，请交给收件节点",
                         "it was written here: carry it to whom it is for" },
    [LN_VERDICT_UNFINISHED] = { "unfinished",
                                "没有写完（写入时介质被拔出），请插回原节点再写一次，会接着写",
                                "it was not finished (pulled out while it was written): write it "
                                "again at its node, which goes on where it stopped" },
    [LN_VERDICT_FORGED] = { "forged", "目录的签名不对，可能被改动或伪造，没有读入任何内容",
                            "the signature of its index is wrong: changed or forged; nothing was "
                            "taken in" },
    [LN_VERDICT_UNKNOWN] = { "unknown", "本节点不认识写它的节点，可能来自别的系统",
                             "nobody here knows who wrote it: it may belong to another system" },
    [LN_VERDICT_STRANGER] = { "stranger", "写它的节点既不是上级也不是下级",
                              "who wrote it is neither parent nor child of this node" },
    [LN_VERDICT_REVOKED] = { "revoked",
                             "写它的节点已被吊销；其中诚实的迟到工作可以查看后采纳（网页“U "
                             "盘传递”，或 "
                             "linli adopt --stick）",
                             "who wrote it was revoked; honest late work in it can be looked at "
                             "and taken over (page “Memory sticks”, or linli adopt --stick)" },
    [LN_VERDICT_BAD] = { "bad", "目录有误，没有读入任何内容",
                         "its index is wrong; nothing was taken in" },
    [LN_VERDICT_CUT] = { "cut", "文件缺失或不完整，没有读入任何内容；请在原节点再写一次",
                         "a file is missing or cut short; nothing was taken in: write it again at "
                         "its node" },
    [LN_VERDICT_CHANGED] = { "changed", "文件与目录不符（被调换、损坏或改动），没有读入任何内容",
                             "a file is not what the index says (swapped, damaged or changed); "
                             "nothing was taken in" },
    [LN_VERDICT_GAP] = { "gap",
                         "中间缺了一段：本节点没有它之前的内容；请在原节点用 --all 全部再写一次",
                         "what comes before it is not here: write it at its node with --all" },
};

const char *ln_verdict_word(enum ln_verdict v)
{
    return VERDICTS[v].word;
}

void ln_verdict_text(struct ln_buf *out, const struct ln_judged *j, bool zh)
{
    ln_buf_adds(out, zh ? VERDICTS[j->verdict].zh : VERDICTS[j->verdict].en);
    if (j->detail[0] != '\0')
        ln_buf_addf(out, zh ? "（%s）" : " (%s)", j->detail);
}
