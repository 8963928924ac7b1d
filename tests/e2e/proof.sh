# Proof of erasure: after it no file of any holder yields the value. Every file of the box, of its laptop and of the
# district is looked at: raw bytes (database, write-ahead log, full text, keys, configuration), git objects unpacked,
# every sealed file opened by stock age and zstd with all keys the node still has, all that `linli show` reads.
# Left out, because they are no file of a node: sticks that were exported before, the spool of an SMS modem.
. tests/e2e/lib.sh

start_node xihu 330106000000 district
start_node cuiyuan 330106005055 community xihu
user cuiyuan juweihui linli-e2e-secret committee >/dev/null
login cuiyuan juweihui linli-e2e-secret >/dev/null
node_port[laptop]=$((PORT0 + 60)) link_port[laptop]=$((PORT0 + 61))
"$LINLI" init --dir "$E2E/laptop" --region 330106005055 --role laptop --name 走访终端 >/dev/null
restore laptop "${node_port[cuiyuan]}"
code=$("$LINLI" invite --dir "$E2E/cuiyuan" --role laptop --grid 01 | tail -n 1)
"$LINLI" join --dir "$E2E/laptop" --parent "http://127.0.0.1:${link_port[laptop]}" --code "${code##* }" >/dev/null || die "the laptop does not join"
echo 'sync_every_s = 2' >>"$E2E/laptop/config"
user laptop wang linli-e2e-secret worker >/dev/null
serve_node laptop
login laptop wang linli-e2e-secret >/dev/null

call() { # NODE METHOD PATH JSON
    curl -sS --fail-with-body --max-time 20 -o "$E2E/body" -b "$E2E/$1.jar" -H "Origin: $(url_of "$1")" -H 'Content-Type: application/json' -X "$2" -d "$4" "$(url_of "$1")/api/v1$3"
    local rc=$?
    [ $rc = 0 ] || cat "$E2E/body" >&2
    cat "$E2E/body"
    return $rc
}
name=欧阳证明
phone=13957198641
marker=ATTACHMENT-7f3a9c55e1
gone=$(call cuiyuan POST /person "{\"name\":\"$name\",\"id_type\":\"111\",\"sex\":\"1\",\"kind\":\"local\",\"status\":\"living\",\"phone\":\"$phone\",\"grid\":\"01\"}" | jq -r .id)
stays=$(call cuiyuan POST /person '{"name":"司徒留下","id_type":"111","sex":"1","kind":"local","status":"living","grid":"01"}' | jq -r .id)
home=$(get cuiyuan '/api/v1/membership?limit=1' | jq -r '.items[0].f.home')
category=$(call cuiyuan POST /category "{\"code\":\"lamp\",\"name\":\"路灯\",\"handler\":\"$home\",\"tier\":\"community\",\"accept_hours\":4,\"done_hours\":24}" | jq -r .id)
{ printf '\xff\xd8\xff\xe0'; for i in $(seq 400); do printf '%s %s\n' "$marker" "$i"; done; } >"$E2E/photo.jpg"
printf '%s\n' linli-e2e-secret | "$LINLI" user add --dir "$(dir_of cuiyuan)" --login jumin --role resident --person "$gone" >/dev/null
login cuiyuan jumin linli-e2e-secret >/dev/null
sha=$(curl -fsS -b "$E2E/cuiyuan.jar" -H "Origin: $(url_of cuiyuan)" -H 'Content-Type: application/octet-stream' --data-binary @"$E2E/photo.jpg" "$(url_of cuiyuan)/api/v1/files?name=a.jpg" | jq -r .sha)
ticket=$(call cuiyuan POST /ticket "{\"kind\":\"event\",\"category\":\"$category\",\"title\":\"专属标题甲乙丙\",\"body\":\"家门口的路灯\",\"files\":[{\"sha\":\"$sha\"}]}" | jq -r .id)
login cuiyuan juweihui linli-e2e-secret >/dev/null
other=$(call cuiyuan POST /ticket "{\"kind\":\"event\",\"category\":\"$category\",\"title\":\"邻居来信\",\"body\":\"隔壁$name家漏水\"}" | jq -r .id)
[ "$ticket" != null ] && [ "$other" != null ] || die "no tickets"
of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r ".$2"; }
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
ok "the laptop reads the person" eventually shows laptop /api/v1/person "$name"
# the laptop changes something itself: its own log holds the phone, too
call laptop PATCH "/person/$gone" "{\"phone\":\"$phone\",\"name\":\"$name\"}" >/dev/null
ok "and writes about it" eventually is laptop unsent 0
ok "all is signed for" eventually is cuiyuan unsent 0
held() { [ -s "$E2E/$1/files/${sha:0:2}/${sha:2}" ]; }
ok "the district holds the attachment" eventually held xihu
key=$(sqlite3 "$E2E/cuiyuan/linli.db" "SELECT json_extract(files, '\$[0].key') FROM c_ticket WHERE files IS NOT NULL" | head -n 1)
needles=("$name" 欧阳证 阳证明 "$phone" 专属标题甲乙丙 属标题 "$marker" "$key")
scan() { LINLI=$LINLI node tests/e2e/lib-scan.mjs "$(dir_of "$1")" "${@:2}" >"$E2E/scan.$1" 2>&1; local rc=$?; cat "$E2E/scan.$1"; return $rc; }
sees() { scan "$@" >/dev/null; grep -q ": $2" "$E2E/scan.$1"; } # NODE NEEDLE: the look finds what is there
for n in "$name" 专属标题甲乙丙 "$key"; do ok "before: the box's files yield ${n:0:16}" sees cuiyuan "$n"; done
ok "before: the laptop's, too" sees laptop "$name"

request=$(call cuiyuan POST /subject_request "{\"person\":\"$gone\",\"kind\":\"delete\",\"text\":\"请删除\"}" | jq -r .id)
call cuiyuan POST "/subject_request/$request/steps" '{"action":"check"}' >/dev/null
ok "the committee grants the request" call cuiyuan POST "/subject_request/$request/steps" '{"action":"finish","note":"已核对身份"}'
named() { get cuiyuan "/api/v1/subject_request/$request" | jq -e --arg id "$other" '(.f.named | index($id)) != null and (.f.named | length) == 1'; }
ok "it is told which other record names the person" eventually named
ok "and clears it there" call cuiyuan PATCH "/ticket/$other" '{"body":"隔壁邻居家漏水"}'
missing() { "$LINLI" sync --dir "$(dir_of cuiyuan)" >/dev/null; [ "$(get cuiyuan /api/v1/erasures | jq '.items[0].missing')" = "$1" ]; }
ok "all holders sign" eventually missing 0
ok "the laptop, too" eval '[ "$(get cuiyuan /api/v1/erasures | jq "[.items[0].holders[] | select(.done > 0)] | length")" -ge 3 ]'
later=$(($(date +%Y) + 1))q1
all_signed() { "$LINLI" sync --dir "$(dir_of cuiyuan)" >/dev/null; is cuiyuan unsent 0; }
prune() { "$LINLI" prune --dir "$(dir_of "$1")" --before "$later" --json; }
ok "a checkpoint leaves the neighbour's first words out" eval 'eventually all_signed && prune cuiyuan | jq -e "any(.checkpoint)"'
ok "and they go with their volume, when it is signed for" eval 'eventually all_signed && prune cuiyuan | jq -e "any(.dropped)" && eventually prune xihu'
for n in cuiyuan laptop xihu; do
    ok "no file of $n yields any of it" eventually scan $n "${needles[@]}"
    ok "the look itself works: the neighbour is found ($n)" eval "[ $n = xihu ] || sees $n 司徒留下"
done
ok "logs and databases agree" eval '"$LINLI" verify --dir "$(dir_of cuiyuan)" && "$LINLI" verify --dir "$(dir_of laptop)" && "$LINLI" verify --dir "$(dir_of xihu)"'
ok "a rebuild brings nothing back" eval '"$LINLI" rebuild --dir "$(dir_of cuiyuan)" && eventually scan cuiyuan "${needles[@]}"'
