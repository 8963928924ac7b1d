# A resident reports, a social worker handles and replies, the resident rates: and nobody else reads it.
. tests/e2e/lib.sh
start_node cuiyuan 330106005055 community
user cuiyuan jumin linli-e2e-secret resident >/dev/null
user cuiyuan shegong linli-e2e-secret worker >/dev/null
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
speaks() { printf 'linli-e2e-secret\n' | LC_ALL=$1 "$LINLI" user add --dir "$(dir_of cuiyuan)" --login "$2" --role resident | grep -qF "$3"; }
ok "a served node answers a command in the language of whoever asks" speaks zh_CN.UTF-8 yi 已建立账号
ok "another one in theirs" speaks en_US.UTF-8 er 'added login'
login cuiyuan juweihui linli-e2e-secret >/dev/null
h=$(curl -s -b "$E2E/cuiyuan.jar" "$(url_of cuiyuan)/api/v1/membership?limit=1" | jq -r '.items[0].f.home')
cat=$(curl -s -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d "{\"code\":\"lamp\",\"name\":\"路灯\",\"handler\":\"$h\",\"tier\":\"community\",\"accept_hours\":4,\"done_hours\":24}" "$(url_of cuiyuan)/api/v1/category" | jq -r .id)
login cuiyuan jumin linli-e2e-secret >/dev/null
t=$(post cuiyuan /api/v1/ticket kind=event category=$cat title=路灯不亮 body=三幢门口 | jq -r .id)
ok "a resident files a ticket" test "$t" != null
mine() { get cuiyuan '/api/v1/screen?role=resident' | jq -e '[.blocks[].items[]?.title // ""] | any(contains("路灯不亮"))'; }
ok "and finds it on the first screen" mine
state() { get cuiyuan "/api/v1/ticket/$t" | jq -r .state; }
is() { [ "$("${@:2}")" = "$1" ] || { echo "want $1, have $("${@:2}")"; return 1; }; }
ok "it is filed" is filed state
login cuiyuan shegong linli-e2e-secret >/dev/null
for s in accept handle; do post cuiyuan "/api/v1/ticket/$t/steps" action=$s >/dev/null; done
post cuiyuan "/api/v1/ticket/$t/steps" action=reply note=已更换灯泡 >/dev/null
ok "a social worker accepts, handles, replies" is replied state
due() { [ "$(get cuiyuan "/api/v1/ticket/$t" | jq .f.due)" -gt 1700000000000 ]; }
ok "the due time follows from the category" due
login cuiyuan jumin linli-e2e-secret >/dev/null
post cuiyuan "/api/v1/ticket/$t/steps" action=rate >/dev/null 2>&1
ok "a rating needs its answer" is replied state
curl -fsS -o /dev/null -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d '{"action":"rate","add":{"solved":true,"score":5,"text":"很快"}}' "$(url_of cuiyuan)/api/v1/ticket/$t/steps"
ok "the resident rates" is rated state
scored() { get cuiyuan "/api/v1/rating?ticket=$t" | jq -e '.items[0].f | .solved and .score == 5'; }
ok "and the score stands beside it" scored
hist() { get cuiyuan "/api/v1/ticket/$t/history" | jq -e '[.items[] | select(.op == "step") | .fields.action] == ["accept","handle","reply","rate"]'; }
ok "history holds every step" hist
login cuiyuan juweihui linli-e2e-secret >/dev/null
other() { user cuiyuan linju linli-e2e-secret resident >/dev/null; login cuiyuan linju linli-e2e-secret >/dev/null; [ "$(curl -s -o /dev/null -w '%{http_code}' -b "$E2E/cuiyuan.jar" "$(url_of cuiyuan)/api/v1/ticket/$t")" = 404 ]; }
ok "a neighbour cannot read it" other
