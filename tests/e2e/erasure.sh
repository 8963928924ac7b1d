# A granted request erases a person: on every node, out of every file; the board tells who has not signed yet.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
user xihu qu linli-e2e-secret clerk >/dev/null
login xihu qu linli-e2e-secret >/dev/null
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; }
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
person() { post cuiyuan /api/v1/person name="$1" id_type=111 sex=1 kind=local status=living | jq -r .id; }
gone=$(person 赵删除)
stays=$(person 钱留下)
ok "all is signed for" eventually is cuiyuan unsent 0
found() { cat "$(dir_of "$1")"/*.db* | grep -qa "$2"; } # NODE TEXT: anywhere in its databases
ok "the name stands in the box's files" eventually found cuiyuan 赵删除
request=$(post cuiyuan /api/v1/subject_request person="$gone" kind=delete text=请删除 | jq -r .id)
post cuiyuan "/api/v1/subject_request/$request/steps" action=check >/dev/null
part cuiyuan
ok "the committee grants the request, without a link" post cuiyuan "/api/v1/subject_request/$request/steps" action=finish note=已核对身份
without() { ! get "$1" "$2" | grep -qF -- "$3"; }
ok "the name is blank" eventually without cuiyuan "/api/v1/person/$gone" 赵删除
ok "the record stays" shows cuiyuan "/api/v1/person/$gone" "$gone"
ok "search does not find it" without cuiyuan "/api/v1/search?q=%E8%B5%B5%E5%88%A0%E9%99%A4" "$gone"
missing() { [ "$(get "$1" /api/v1/erasures | jq '.items[0].missing')" = "$2" ]; }
ok "the board knows that the district has not signed" eventually missing cuiyuan 1
ok "no file of the box yields the name" eventually fails found cuiyuan 赵删除
ok "nor a part of it" eventually fails found cuiyuan 赵删
ok "the neighbour's stays" found cuiyuan 钱留下
restore cuiyuan "${node_port[xihu]}"
ok "the district destroys its escrow and signs" eventually missing xihu 0
ok "the box hears of it at its next sync" eventually eval '"$LINLI" sync --dir "$(dir_of cuiyuan)" && missing cuiyuan 0'
ok "all is signed for again" eventually is cuiyuan unsent 0
keys() { sqlite3 "$(dir_of "$1")/keys.db" "SELECT count(*) FROM $2"; }
ok "one escrowed key less" eval '[ "$(keys xihu escrow)" -lt "$(keys cuiyuan key)" ] || [ "$(keys xihu gone)" -gt 0 ]'
ok "the logs are sound" eval '"$LINLI" verify --dir "$(dir_of cuiyuan)" && "$LINLI" verify --dir "$(dir_of xihu)"'
ok "a rebuild agrees" "$LINLI" rebuild --dir "$(dir_of cuiyuan)"
ok "and brings nothing back" without cuiyuan "/api/v1/person/$gone" 赵删除
ok "nor into a file" eventually fails found cuiyuan 赵删除
paper=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$E2E/cuiyuan.init")
ok "nor does a new box read it, with the paper key" eval '"$LINLI" restore --dir "$(dir_of cuiyuan)" --drill --json <<<"$paper" | jq -e ".differing == 0"'
