/* The node's configuration: <dir>/config, one `key = value` a line, '#' begins a comment. */
#ifndef LN_CONFIG_H
#define LN_CONFIG_H

#include "crypto/cert.h"

struct ln_config {
    char region[16];
    char role[16];
    char name[LN_CERT_NAME_MAX + 1];
    char parent[512];  /* address of the parent, "" none */
    char past[512];    /* address of a node above the parent that carries this laptop's log */
    char proxy[512];   /* HTTP proxy on the way to the parent, "" none */
    char window[12];   /* "22:00-06:00": syncs of its own accord in these hours alone; "" always */
    char listen[64];   /* host:port */
    char guard[512];   /* file of the guard, "" = <dir>/guard */
    char hosts[512];   /* names by which browsers may call this node, beside addresses; by comma */
    char sms_dir[256]; /* spool of gammu-smsd, "" no SMS */
    char alarm_phones[128]; /* who gets an SMS of a fresh alarm, by comma */
    int64_t age_days;       /* 0 never */
    char scrub_at[8];       /* "03:30", China; "" never */
    int64_t scrub_mb_s;
    int64_t alarm_every_s;
    int64_t sync_every_s; /* at the latest */
    int64_t sync_soon_ms; /* after a save */
    int64_t seal_every_s;
    int64_t stats_every_s;
    int64_t
        keep_quarters; /* how long sealed contents of logs are kept beside checkpoints; 0 always */
    int64_t session_hours;
    int64_t rate_kbit;        /* of the link to the parent, each way; 0 as fast as it goes */
    int64_t metered;          /* 1: no sync after a save, no attachments */
    int64_t carry;            /* 1: laptops of the communities below may come here, too */
    int64_t child_per_minute; /* requests of each child */
    int64_t threads;
    int64_t files_mb,
        files_child_mb; /* MiB of attachments: all, and of each node that brings some */
};
/* Every key at its default. */
void ln_config_init(struct ln_config *out);
/* LN_INVALID names the line. Keys that are not there have their default. */
bool ln_config_read(struct ln_config *out, const char *dir, struct ln_err *err) LN_MUST;
/* Writes all keys with their help, durably. */
bool ln_config_write(const struct ln_config *c, const char *dir, struct ln_err *err) LN_MUST;

#endif
