# Five levels: province, district, subdistrict, community, and a field laptop that reads its grid and nothing else,
# works while the box is away, changes grids, and is lost.
. tests/e2e/lib.sh

start_node sheng 330000000000 province
start_node xihu 330106000000 district sheng
start_node jiedao 330106005000 subdistrict xihu
start_node cuiyuan 330106005055 community jiedao
for n in cuiyuan xihu jiedao; do
    user $n boss linli-e2e-secret "$([ $n = cuiyuan ] && echo committee || echo clerk)" >/dev/null
    login $n boss linli-e2e-secret >/dev/null
done
status() { "$LINLI" status --dir "$(dir_of "$1")" --json; }
node_of() { status "$1" | jq -r .node; }
person() { # NODE NAME GRID
    local body
    body=$(json name="$2" id_type=990 "id_no=P$RANDOM$RANDOM" kind=local birth=1950-01-01 | jq -c --arg g "${3:-}" '. + {_keep:{id_no:"样例"}} + (if $g == "" then {} else {grid:$g} end)')
    curl -fsS --max-time 10 -b "$E2E/$1.jar" -H "Origin: $(url_of "$1")" -H 'Content-Type: application/json' -d "$body" "$(url_of "$1")/api/v1/person" | jq -r .id
}
one=$(person cuiyuan 网格一甲 01)
two=$(person cuiyuan 网格二乙 02)
none=$(person cuiyuan 无网格丙)

# enrolment by what the QR code of the admin page holds, through a name that the system's resolver knows
card=$(curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d '{"role":"laptop","grids":["01"]}' "$(url_of cuiyuan)/api/v1/nodes")
ok "the admin page gives a code and its QR rows" jq -e '(.qr | length) > 20 and .hours == 72' <<<"$card"
node_port[laptop]=$((PORT0 + 60)) link_port[laptop]=$((PORT0 + 61))
"$LINLI" init --dir "$E2E/laptop" --region 330106005055 --role laptop --name 走访终端 >/dev/null
restore laptop "${node_port[cuiyuan]}"
code=$(jq -r .code <<<"$card")
ok "a laptop needs a grid" fails "$LINLI" invite --dir "$E2E/cuiyuan" --role laptop
ok "the laptop joins with the whole text of the code" "$LINLI" join --dir "$E2E/laptop" --code "linli:http://localhost:${link_port[laptop]}#$code"
"$LINLI" init --dir "$E2E/other" --region 330106005055 --role laptop --name 别的终端 >/dev/null
ok "and the code is used up for any other" fails "$LINLI" join --dir "$E2E/other" --code "linli:$(url_of cuiyuan)#$code"
ok "the same one may ask again, as its answer may have been lost" "$LINLI" join --dir "$E2E/laptop" --code "linli:http://localhost:${link_port[laptop]}#$code"
printf 'past = http://127.0.0.1:%s\nsync_every_s = 2\n' "${node_port[xihu]}" >>"$E2E/laptop/config"
user laptop wang linli-e2e-secret worker >/dev/null
serve_node laptop
login laptop wang linli-e2e-secret >/dev/null
eventually shows laptop "/api/v1/person" 网格一甲
ok "it reads its grid, names too" shows laptop "/api/v1/person/$one" 网格一甲
ok "and not the other grid's" fails get laptop "/api/v1/person/$two"
ok "nor what has no grid" fails get laptop "/api/v1/person/$none"
ok "nor are accounts of the box on it" test "$(get laptop /api/v1/account | jq '.items | length')" = 0
words() { cat "$E2E"/laptop/*.db* "$E2E"/laptop/log/*/*.git/objects/pack/* 2>/dev/null | grep -a -c -e "$1"; }
ok "no file of it holds the others' names" test "$(words 网格二乙)$(words 无网格丙)" = 00

# the box is away: work goes on, marked as not yet signed for
part laptop
three=$(person laptop 走访新增 01)
ok "work goes on without the box" shows laptop "/api/v1/person/$three" 走访新增
prov() { get laptop "/api/v1/person/$three/history" | jq -e '.items[0].state == "provisional"'; }
ok "marked as provisional" prov
printf 'carry = 1\n' >>"$E2E/xihu/config"
stop_node xihu; serve_node xihu; login xihu boss linli-e2e-secret >/dev/null
sync() { "$LINLI" sync --dir "$(dir_of "$1")" >/dev/null; }
carried() { sync jiedao && sync cuiyuan && get cuiyuan "/api/v1/person/$three" >/dev/null 2>&1; }
WITHIN=60 ok "the district carries its work, and the box takes it" eventually carried
signed() { sync cuiyuan && sync jiedao && [ "$(status laptop | jq .unsent)" = 0 ]; }
ok "and the laptop hears that it is signed for" eventually signed
ok "the district itself cannot read it" fails get xihu "/api/v1/person/$three"

# other grids
restore laptop "${node_port[cuiyuan]}"
laptop=$(node_of laptop)
four=$(person laptop 换网格前 01)
ok "the box gives it another grid" "$LINLI" renew --dir "$E2E/cuiyuan" "$laptop" --grid 02
gone() { ! get laptop "/api/v1/person/$one" >/dev/null 2>&1; }
ok "what was unsent is not lost" eventually shows cuiyuan "/api/v1/person/$four" 换网格前
ok "the new grid's records come" eventually shows laptop "/api/v1/person" 网格二乙
ok "and the old ones are gone" eventually gone
ok "the new grid's names are not hidden" eventually shows laptop "/api/v1/person/$two" 网格二乙

ok "the box is well" "$LINLI" verify --dir "$E2E/cuiyuan"

# lost
ok "the page wants the end of its id" fails curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d '{"confirm":"xxxx"}' "$(url_of cuiyuan)/api/v1/nodes/$laptop/revoke"
ok "lost: revoked from the page" curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/json' -d "{\"confirm\":\"${laptop: -4}\"}" "$(url_of cuiyuan)/api/v1/nodes/$laptop/revoke"
refused() { ! "$LINLI" sync --dir "$E2E/laptop" >"$E2E/said" 2>&1 && grep -q "revoked\|does not" "$E2E/said"; }
ok "it is given nothing any more" eventually refused
five=$(person cuiyuan 遗失以后 02)
board() { "$LINLI" nodes --dir "$E2E/$1" --json; }
ok "the board shows it as revoked" bash -c "'$LINLI' nodes --dir '$E2E/cuiyuan' --json | jq -e '[.items[] | select(.revoked > 0)] | length == 1'"
ok "the district's board shows the subdistrict's version" bash -c "'$LINLI' nodes --dir '$E2E/xihu' --json | jq -e '[.items[] | select(.child and .state.version)] | length == 1'"
ok "the laptop's data are whole" "$LINLI" verify --dir "$E2E/laptop"
ok "and so are the box's after a rebuild" "$LINLI" rebuild --dir "$E2E/cuiyuan"
