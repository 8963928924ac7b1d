# Bad days: a full disk, a clock at 1970, bombs and crooked files; each with a clear answer, nothing lost.
. tests/e2e/lib.sh
as() { curl -s --max-time 20 -o "$E2E/body" -w '%{http_code}' -b "$E2E/$1.jar" -H "Origin: $(url_of "$1")" -H 'Content-Type: application/json' -X "$2" "${@:4}" "$(url_of "$1")$3"; }
is() { [ "$("${@:2}")" = "$1" ] || { echo "want $1, have $("${@:2}")"; cat "$E2E/body"; return 1; }; }
news() { as "$1" POST /api/v1/news -d "$(json "title=$2" body=正文 level=community section=community)"; }
status_of() { "$LINLI" status --dir "$(dir_of "$1")" --json | jq -r "$2"; }

# ---- a full disk: a small file system of its own
start_node xihu 330106000000 district
mkdir -p "$E2E/cuiyuan"
if mount -t tmpfs -o size=24m tmpfs "$E2E/cuiyuan" 2>/dev/null; then
    e2e_mount=$E2E/cuiyuan
    start_node cuiyuan 330106005055 community xihu
    user cuiyuan committee linli-e2e-secret committee >/dev/null
    login cuiyuan committee linli-e2e-secret >/dev/null
    ok "a save while there is room" is 201 news cuiyuan 有空间
    head -c 40m /dev/zero >"$E2E/cuiyuan/filler" 2>/dev/null
    full() { for i in $(seq 60); do [ "$(news cuiyuan "满$i")" = 201 ] || break; done; grep -q '"type":"about:linli:full"' "$E2E/body" && grep -q 磁盘 "$E2E/body"; }
    ok "a full disk is said to be one" full
    ok "the node is still there, and can be read" is 200 as cuiyuan GET /api/v1/news
    rm -f "$E2E/cuiyuan/filler"
    ok "with room again it goes on" eventually is 201 news cuiyuan 又有空间
    kept=$(get cuiyuan '/api/v1/news?count=1' | jq .total)
    kill_node cuiyuan
    serve_node cuiyuan
    ok "what was acknowledged is there after a kill" is "$kept" eval 'get cuiyuan "/api/v1/news?count=1" | jq .total'
    ok "and verifies" "$LINLI" verify --dir "$E2E/cuiyuan"
    stop_node cuiyuan
else
    echo "skipped: no right to mount a small file system"
fi

# ---- a box without a clock
start_node laoren 330106005056 community xihu
user laoren committee linli-e2e-secret committee >/dev/null
stop_node laoren
part laoren
lib=$(dirname "$(dpkg -L libfaketime | grep -m1 'libfaketime.so.1$')")/libfaketime.so.1
[[ ${SAN:-} == address* ]] && lib=$(gcc -print-file-name=libasan.so):$lib # which has to be the first
# (libfaketime's own condition variables are unknown to the thread sanitizer)
TSAN_OPTIONS=report_bugs=0 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME='@1970-01-01 00:01:00' LD_PRELOAD=$lib "$LINLI" serve --dir "$E2E/laoren" --listen "127.0.0.1:${node_port[laoren]}" >>"$E2E/laoren.log" 2>&1 &
node_pid[laoren]=$!
eventually up laoren
login laoren committee linli-e2e-secret >/dev/null
ok "with the clock at 1970 a save is taken" is 201 news laoren 没有时钟
id=$(jq -r .id "$E2E/body")
as laoren POST "/api/v1/news/$id/steps" -d '{"action":"publish"}' >/dev/null
ok "and the status says that the clock is not set" is unset status_of laoren .clock
restore laoren "${node_port[xihu]}"
WITHIN=30 ok "the parent's signed answer gives it the time" eventually is ok eval '"$LINLI" sync --dir "$E2E/laoren" >/dev/null; status_of laoren .clock'
arrived() { shows xihu /api/v1/news 没有时钟; }
ok "what was saved arrives" eventually arrived
now=$(date +%s)000
dated() { get xihu /api/v1/news | jq -e --argjson now "$now" '[.items[] | select(.f.title == "没有时钟") | .created_at] | .[0] < $now + 86400000'; }
ok "and is not dated into the future" dated

# ---- bombs and crooked files, at the door of a healthy node
user xihu committee linli-e2e-secret committee >/dev/null
start_node bad 330106005057 community
user bad worker linli-e2e-secret worker >/dev/null
login bad worker linli-e2e-secret >/dev/null
import() { curl -s --max-time 60 -o "$E2E/body" -w '%{http_code}' -b "$E2E/bad.jar" -H "Origin: $(url_of bad)" -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$(url_of bad)/api/v1/import?collection=person"; }
(cd "$E2E" && mkdir -p bomb/xl/worksheets && head -c 1500m /dev/zero | tr '\0' 'a' >bomb/xl/worksheets/sheet1.xml && cd bomb && zip -q -9 -r ../bomb.xlsx . && rm -rf "$E2E/bomb")
ok "the bomb is small" test "$(stat -c %s "$E2E/bomb.xlsx")" -lt 4000000
ok "a spreadsheet that unpacks to 1.5 GB is refused" is 413 import "$E2E/bomb.xlsx"
printf '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><worksheet>&c;</worksheet>' >"$E2E/sheet1.xml"
(cd "$E2E" && mkdir -p x/xl/worksheets && mv sheet1.xml x/xl/worksheets/ && cd x && zip -q -r ../entity.xlsx .)
ok "one with entities is refused" is 422 import "$E2E/entity.xlsx"
head -c 100000 /dev/urandom >"$E2E/noise.xlsx"
ok "noise is refused" is 422 import "$E2E/noise.xlsx"
most=98304 # kB
[ -z "${SAN:-}" ] || most=$((4 * most))
small() { local kb; kb=$(awk "/VmHWM/{print \$2}" "/proc/${node_pid[bad]}/status"); echo "$kb kB"; [ "$kb" -lt $most ]; }
ok "and none of them took the node's memory" small
nested=$(printf '[%.0s' $(seq 100000))
ok "deeply nested JSON is refused" is 400 as bad POST /api/v1/person -d "$nested"
for p in '/..%2f..%2fetc%2fpasswd' '/%2e%2e/node.key' '/assets/..%5cnode.key' '//node.key' '/node.key' '/api/v1/person/..%2f..%2fnode.key'; do
    secret() { curl -s --path-as-is --max-time 10 "$(url_of bad)$p" | grep -q 'PRIVATE KEY\|root:'; }
    ok "the path $p gives nothing away" fails secret
done
cut_body() { timeout 10 node -e 'const s=require("net").connect(+process.argv[1],"127.0.0.1",()=>{s.write("POST /api/v1/person HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"name\"");s.end()});s.on("data",d=>{process.stdout.write(d)});s.on("error",()=>{})' "${node_port[bad]}" | head -1; }
cut_fails() { case "$(cut_body)" in *" 201 "*) return 1 ;; esac; }
ok "a cut body is no record" cut_fails
ok "the node goes on" is 200 as bad GET /api/v1/status

# ---- typed wrong on the command line
stop_node laoren
says() { ! LC_ALL=zh_CN.UTF-8 LANG=zh_CN.UTF-8 timeout 20 "$LINLI" serve --dir "$E2E/laoren" --listen "$1" >"$E2E/said" 2>&1 && grep -q "$2" "$E2E/said" || { cat "$E2E/said"; return 1; }; }
for wrong in nonsense 127.0.0.1: 127.0.0.1:99999 0; do ok "$wrong is no address to listen on" says "$wrong" 应为; done
ok "another machine's address is told from a wrong one" says 192.0.2.1:18999 本机没有这个地址
unknown() { "$LINLI" init --dir "$E2E/typo" --region "$1" --role community --name x 2>&1 >"$E2E/typo.out" | grep -q "$1" || { cat "$E2E/typo.out"; return 1; }; }
ok "a region that no list has is pointed out" unknown 330106005199
ok "one that is there is told by name" eval '"$LINLI" init --dir "$E2E/right" --region 330106005055 --role community --name x | grep -q 浙江省杭州市西湖区翠苑街道翠苑一区社区'
