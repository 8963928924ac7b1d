/* linli serve: everything of a node at work until a signal. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/log.h"
#include "node/cmd/cmd.h"
#include "node/drill.h"
#include "node/scrub.h"
#include "node/syncer.h"
#include "node/web/web.h"

static bool wait_signal(sigset_t *set)
{
    int which = 0;

    return sigwait(set, &which) == 0;
}

bool ln_cmd_serve(const char *dir, const char *listen, struct ln_err *err)
{
    struct ln_node *n = NULL;
    struct ln_web *w = NULL;
    struct ln_control *c = NULL;
    struct ln_syncer *syncer = NULL;
    struct ln_scrub *scrub = NULL;
    struct sigaction was;
    sigset_t set;
    bool ok = false;

    /* Threads made from here on inherit the mask: signals come to this one alone. */
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    /* one that is blocked comes although it is ignored: who started this does the stopping */
    if (sigaction(SIGINT, NULL, &was) != 0 || was.sa_handler != SIG_IGN)
        (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (!ln_node_open(&n, dir, err))
        return false;
    if (listen[0] == '\0')
        listen = n->config.listen;
    struct ln_syncer_config s = { .exchange = &n->exchange,
                                  .parent_url = n->config.parent,
                                  .every_s = (int)n->config.sync_every_s,
                                  .soon_ms = (int)n->config.sync_soon_ms,
                                  .past_url = n->config.past,
                                  .link = { .rate_kbit = n->config.rate_kbit,
                                            .metered = n->config.metered != 0 } };
    memcpy(s.link.proxy, n->config.proxy, sizeof s.link.proxy);
    memcpy(s.link.window, n->config.window, sizeof s.link.window);
    if (!ln_syncer_start(&syncer, &s, err))
        goto out;
    n->exchange.seen = ln_syncer_seen;
    n->exchange.seen_ctx = syncer;
    n->syncer = syncer;
    n->drill = ln_drill_new(n);
    if (!ln_web_start(&w, n, listen, err) || !ln_control_start(&c, n, err) ||
        !ln_scrub_start(&scrub, n, err))
        goto out;
    ln_log(LN_LOG_NOTE, "serving node=%s address=http://%s", n->id, listen);
    ok = wait_signal(&set);
    ln_log(LN_LOG_NOTE, "stopping node=%s", n->id);
    struct ln_err why = { 0 };
    if (!ln_node_seal(n, &why))
        ln_log_err(LN_LOG_WARN, &why, "not sealed");
out:
    ln_scrub_stop(scrub);
    ln_control_stop(c);
    ln_web_stop(w);
    ln_syncer_stop(syncer);
    ln_drill_free(n->drill);
    ln_node_close(n);
    ln_syncer_free(syncer);
    return ok;
}
