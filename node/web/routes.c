/* All paths of the API and of what works without script stand here; node to node paths in
 * sync_http.c; every other path is the app.
 */
#include "node/web/routes.h"

const struct ln_route ln_routes[] = {
    { "GET", "/api/openapi.json", ln_api_openapi_get },
    { "GET", "/api/v1/session", ln_api_session_get },
    { "POST", "/api/v1/session", ln_api_session_login },
    { "PATCH", "/api/v1/session", ln_api_session_role },
    { "DELETE", "/api/v1/session", ln_api_session_logout },
    { "POST", "/api/v1/session/password", ln_api_session_password },
    { "POST", "/api/v1/account/:/card", ln_api_card_make },
    { "GET", "/api/v1/schema", ln_api_schema_get },
    { "GET", "/api/v1/status", ln_api_info_status },
    { "GET", "/api/v1/stats", ln_api_stat_list },
    { "POST", "/api/v1/sync", ln_api_info_sync },
    { "GET", "/api/v1/nodes", ln_api_info_nodes },
    { "GET", "/api/v1/home", ln_api_home_get },
    { "GET", "/api/v1/search", ln_api_home_search },
    { "GET", "/api/v1/conflicts", ln_api_info_conflicts },
    { "POST", "/api/v1/files", ln_api_file_upload },
    { "POST", "/api/v1/import", ln_api_export_import },
    { "GET", "/api/v1/export/:", ln_api_export_csv },
    { "GET", "/lite", ln_lite_home },
    { "GET", "/lite/:/:", ln_lite_record },
    { "GET", "/feed/:", ln_lite_feed },
    { "GET", "/metrics", ln_api_info_metrics },
    { "GET", "/api/v1/:", ln_api_record_list },
    { "POST", "/api/v1/:", ln_api_record_create },
    { "GET", "/api/v1/:/:", ln_api_record_get },
    { "PATCH", "/api/v1/:/:", ln_api_record_update },
    { "DELETE", "/api/v1/:/:", ln_api_record_delete },
    { "GET", "/api/v1/:/:/files/:", ln_api_file_get },
    { "POST", "/api/v1/:/:/steps", ln_api_record_step },
    { "GET", "/api/v1/:/:/history", ln_api_record_history },
    { "POST", "/api/v1/:/:/unmask", ln_api_record_unmask },
    { "POST", "/api/v1/:/:/resolve", ln_api_conflict_resolve },
};
const size_t ln_routes_n = sizeof ln_routes / sizeof ln_routes[0];
