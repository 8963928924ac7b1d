/* The handlers, by file. */
#ifndef LN_ROUTES_H
#define LN_ROUTES_H

#include "node/web/web.h"

LN_ROUTE(ln_api_openapi_get);
LN_ROUTE(ln_lite_home);
LN_ROUTE(ln_lite_record);
LN_ROUTE(ln_feed_get);
LN_ROUTE(ln_api_session_get);
LN_ROUTE(ln_api_session_login);
LN_ROUTE(ln_api_session_role);
LN_ROUTE(ln_api_session_logout);
LN_ROUTE(ln_api_session_password);
LN_ROUTE(ln_api_card_make);
LN_ROUTE(ln_api_schema_get);
LN_ROUTE(ln_api_info_status);
LN_ROUTE(ln_api_stat_list);
LN_ROUTE(ln_api_stat_regions);
LN_ROUTE(ln_api_info_sync);
LN_ROUTE(ln_api_erasure_list);
LN_ROUTE(ln_api_link_get);
LN_ROUTE(ln_api_link_set);
LN_ROUTE(ln_api_retention_list);
LN_ROUTE(ln_api_stick_list);
LN_ROUTE(ln_api_stick_write);
LN_ROUTE(ln_api_stick_get);
LN_ROUTE(ln_api_stick_look);
LN_ROUTE(ln_api_stick_begin);
LN_ROUTE(ln_api_stick_file);
LN_ROUTE(ln_api_stick_take);
LN_ROUTE(ln_api_node_list);
LN_ROUTE(ln_api_node_invite);
LN_ROUTE(ln_api_node_renew);
LN_ROUTE(ln_api_node_revoke);
LN_ROUTE(ln_api_home_get);
LN_ROUTE(ln_api_home_search);
LN_ROUTE(ln_api_home_related);
/* {"conflicts": {zh,en}, ...}: what the queues of the statistic `queues` are called. */
json_t *ln_api_home_queue_names(void);
LN_ROUTE(ln_api_info_metrics);
LN_ROUTE(ln_api_record_list);
LN_ROUTE(ln_api_record_create);
LN_ROUTE(ln_api_record_get);
LN_ROUTE(ln_api_record_update);
LN_ROUTE(ln_api_record_delete);
LN_ROUTE(ln_api_record_step);
LN_ROUTE(ln_api_record_history);
LN_ROUTE(ln_api_record_unmask);
LN_ROUTE(ln_api_conflict_resolve);
LN_ROUTE(ln_api_similar_list);
LN_ROUTE(ln_api_similar_join);
LN_ROUTE(ln_api_similar_photo);
LN_ROUTE(ln_api_program_token);
LN_ROUTE(ln_api_open311_list);
LN_ROUTE(ln_api_open311_one);
LN_ROUTE(ln_api_open311_file);
LN_ROUTE(ln_api_file_upload);
LN_ROUTE(ln_api_file_get);
LN_ROUTE(ln_api_ledger_held);
LN_ROUTE(ln_api_talk_list);
LN_ROUTE(ln_api_talk_people);
LN_ROUTE(ln_api_talk_get);
LN_ROUTE(ln_api_talk_seen);
LN_ROUTE(ln_api_talk_reading);
LN_ROUTE(ln_api_talk_doors);
LN_ROUTE(ln_api_talk_file);
LN_ROUTE(ln_api_place_list);
LN_ROUTE(ln_api_place_get);
LN_ROUTE(ln_api_qr_get);
LN_ROUTE(ln_api_fund_list);
LN_ROUTE(ln_api_survey_get);
LN_ROUTE(ln_api_survey_vote);
LN_ROUTE(ln_api_survey_papers);
LN_ROUTE(ln_api_service_progress);
LN_ROUTE(ln_api_service_paper);
LN_ROUTE(ln_api_service_bound);
/* Alarms that nobody has taken note of, as the list gives them, for the first screen. */
json_t *ln_api_alarm_open(struct ln_call *c);
LN_ROUTE(ln_api_alarm_list);
LN_ROUTE(ln_api_alarm_ack);
LN_ROUTE(ln_api_node_rotate);
LN_ROUTE(ln_api_rescue_late);
LN_ROUTE(ln_api_rescue_adopt);
LN_ROUTE(ln_api_rescue_drill_get);
LN_ROUTE(ln_api_rescue_drill);
LN_ROUTE(ln_api_export_list);
LN_ROUTE(ln_api_import_run);
LN_ROUTE(ln_api_import_progress);
LN_ROUTE(ln_api_import_undo);
LN_ROUTE(ln_api_platform_templates);
LN_ROUTE(ln_api_platform_in);
LN_ROUTE(ln_api_platform_out);

/* An attachment as the body: its stored value, which the caller may read. */
bool ln_api_file_send(struct ln_call *c, const json_t *value, const char *sha,
                      struct ln_err *err) LN_MUST;
LN_ROUTE(ln_api_copy_get);
LN_ROUTE(ln_api_conflict_queue);
LN_ROUTE(ln_api_pending_twins);
LN_ROUTE(ln_api_pending_decide);
LN_ROUTE(ln_api_pending_refused);
LN_ROUTE(ln_api_pending_settle);

/* Adds "refs" to a row: the titles of what its fields name, {"field":{"id":"title"}}, as far as the
 * caller may read them. */
void ln_api_record_refs(struct ln_call *c, const struct ln_def_coll *d, json_t *row);
/* Turns a row into the record of the contract (README "Records"); `whole` with its conflicts. */
void ln_api_record_dress(struct ln_call *c, const struct ln_def_coll *d, json_t *row, bool whole);
/* Adds "user_name" to each object of the list that has "user", "node_name" to each with "node". */
void ln_web_users(struct ln_call *c, json_t *items);
/* A decision on record, signed with what it decides: adds a row of `ruling` in the same job. Texts
 * may be NULL. */
struct ln_ruling {
    const char *kind, *decision, *collection, *record, *other, *change, *unit, *reason;
};
bool ln_api_pending_rule(struct ln_call *c, struct ln_replica *r, const struct ln_ruling *x,
                         struct ln_err *err);

/* [{"unit","values":[{"value","change","user_name","node","at"}]}] of a record. */
json_t *ln_api_conflict_list(struct ln_call *c, const struct ln_def_coll *d,
                             const struct ln_id *id);

#endif
