# A month in the life of a province: nine real processes, each with a network of its own (namespaces); outages, poor links,
# sticks, a stolen laptop, a dead box, a new version that half of the nodes get first and one takes back. In the end all digests are equal, nothing that was saved is
# lost, and stock tools accept every artefact. `make month` lives all 30 days; otherwise the days on which something happens.
if [ -z "${MONTH_INSIDE:-}" ]; then
    if ! unshare -n true 2>/dev/null; then
        echo "skipped: this machine gives no network namespaces (they need root)"
        echo "1 passed, 0 failed"
        exit 0
    fi
    MONTH_INSIDE=1 exec unshare -n bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
ip link set lo up && ip link add hub type bridge && ip addr add 10.77.0.254/16 dev hub && ip link set hub up ||
    { echo "skipped: this kernel gives no bridge"; e2e_passed=1; exit 0; }
FULL=${MONTH:-}
this=$LINLI
next=$PWD/build/next/linli
make -s build/next/linli >/dev/null || die "no program of a version to come"
declare -A net_pid=() net_no=() boss=() program=() # program: what a node runs, when it is not this version
linli() { # COMMAND NODE [more…]: by the program that the node has
    "${program[$2]:-$this}" "$1" --dir "$(dir_of "$2")" "${@:3}"
}

# --- a network of its own for each node: a wire to the hub, which the test cuts, narrows, and makes lose packets
in_net() { nsenter -t "${net_pid[$1]}" -n "${@:2}"; } # NODE COMMAND…
wire() { # NODE: its namespace, held by a process of ours
    nodes=$((nodes + 1))
    net_no[$1]=$nodes
    unshare -n sleep 3000 &
    net_pid[$1]=$! link_pid[$1]=$!
    until [ "$(readlink "/proc/${net_pid[$1]}/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link add "w$nodes" type veth peer name eth0 netns "${net_pid[$1]}"
    ip link set "w$nodes" master hub up
    in_net "$1" sh -c "ip link set lo up; ip addr add 10.77.0.$nodes/16 dev eth0; ip link set eth0 up"
}
part() { ip link set "w${net_no[$1]}" down; }
restore() { ip link set "w${net_no[$1]}" up; }
poor() { # NODE: 9.6 kbit/s each way, 40 % of its packets lost on the way in
    tc qdisc add dev "w${net_no[$1]}" root tbf rate 9600bit burst 1600 latency 3s
    in_net "$1" tc qdisc add dev eth0 root tbf rate 9600bit burst 1600 latency 3s
    in_net "$1" nft 'add table ip bad; add chain ip bad in { type filter hook input priority 0; }; add rule ip bad in iif eth0 numgen random mod 100 < 40 drop'
}
good() {
    tc qdisc del dev "w${net_no[$1]}" root
    in_net "$1" tc qdisc del dev eth0 root
    in_net "$1" nft delete table ip bad
}
at() { echo "10.77.0.${net_no[$1]}:8080"; }
# people sit beside the box: they reach it whatever its wire does
url_of() { echo "http://$(at "$1")"; }
curl() { if [ -n "${near:-}" ]; then in_net "$near" /usr/bin/curl "$@"; else /usr/bin/curl "$@"; fi; }
up() { near=$1 curl -fsS -o /dev/null --max-time 2 "$(url_of "$1")/sync/v1/hello" 2>/dev/null; }
serve_node() {
    nsenter -t "${net_pid[$1]}" -n "${program[$1]:-$this}" serve --dir "$(dir_of "$1")" --listen "$(at "$1")" >>"$E2E/$1.log" 2>&1 &
    node_pid[$1]=$!
    WITHIN=20 eventually up "$1" || die "$1 does not answer"
}
enrol() { # NODE REGION ROLE PARENT [invite options]
    local code
    code=$(linli invite "$4" --region "$2" --role "$3" "${@:5}" | tail -n 1)
    in_net "$1" "$this" join --dir "$(dir_of "$1")" --parent "$(url_of "$4")" --code "${code##* }" >>"$E2E/$1.log" 2>&1 || { cat "$E2E/$1.log"; die "join $1"; }
}
staff() { # NODE ROLE
    boss[$1]=$2
    user "$1" boss linli-e2e-secret "$2" >/dev/null
    near=$1 login "$1" boss linli-e2e-secret >/dev/null
}
start_node() { # NODE REGION ROLE WHO [PARENT [invite options]]
    wire "$1"
    linli init "$1" --region "$2" --role "$3" --name "$1" $([ -n "${5:-}" ] || echo --root) >"$E2E/$1.init" 2>&1 || die "init $1"
    [ -z "${5:-}" ] || enrol "$1" "$2" "$3" "${@:5}"
    printf 'sync_every_s = 2\nseal_every_s = 5\n' >>"$(dir_of "$1")/config"
    serve_node "$1"
    staff "$1" "$4"
}
of() { linli status "$1" --json | jq -r ".$2"; }
id_of() { of "$1" node; }

# --- what is written, and by whom: every title is looked for in the end
written=()  # "node title"
news() { # NODE TITLE
    local id level=community
    [[ ${boss[$1]} == clerk ]] && level=district
    [[ ${boss[$1]} == province ]] && level=province
    id=$(near=$1 post "$1" /api/v1/news "title=$2" body=正文 "level=$level" section=community | jq -r .id) &&
        near=$1 post "$1" "/api/v1/news/$id/steps" action=publish >/dev/null && written+=("$1 $2")
}
persons=() # "node name"
person() { # NODE NAME
    near=$1 /bin/true
    in_net "$1" /usr/bin/curl -fsS --max-time 10 -b "$E2E/$1.jar" -H "Origin: $(url_of "$1")" -H 'Content-Type: application/json' \
        -d "$(jq -cn --arg n "$2" '{name:$n,id_type:"990",id_no:("P"+$n),kind:"local",birth:"1950-01-01",grid:"01",_keep:{id_no:"样例"}}')" "$(url_of "$1")/api/v1/person" >/dev/null && persons+=("$1 $2")
}
has() { near=$1 get "$1" "$2" | grep -qF -- "$3"; } # NODE PATH TEXT

start_node sheng 330000000000 province province
start_node xihu 330106000000 district clerk sheng
start_node yuhang 330110000000 district clerk sheng
start_node cuiyuan 330106005055 community committee xihu
start_node gudang 330106009001 community committee xihu
start_node liangzhu 330110004001 community committee yuhang
start_node pingyao 330110005001 community committee yuhang
start_node laptop1 330106005055 laptop worker cuiyuan --grid 01
start_node laptop2 330110004001 laptop worker liangzhu --grid 01
ok "nine nodes stand, each in a network of its own" test "${#node_pid[@]}" = 9
boxes=(cuiyuan gudang liangzhu pingyao)
today=0
day() { # N: an ordinary day, on which people write
    today=$1
    for b in $([ -n "$FULL" ] && echo "${boxes[*]}" || echo "${2:-}"); do news "$b" "$b-$1"; done
    [ -z "$FULL" ] || { person cuiyuan "翠苑居民$1"; person liangzhu "良渚居民$1"; }
}
quiet() { # FROM TO: days without events, when there is time for them
    local d
    [ -n "$FULL" ] && for d in $(seq "$1" "$2"); do day "$d"; done
    return 0
}

day 1 cuiyuan
person cuiyuan 网格居民
person liangzhu 良渚居民
news sheng 省里通知
ok "day 1: the province's news reaches a community through two levels" eventually has cuiyuan /api/v1/news 省里通知
ok "and the laptop has its grid" eventually has laptop1 "/api/v1/person?limit=200" 网格居民
quiet 2 2

part gudang
day 3 gudang
ok "day 3: the digger cut 古荡's cable; work goes on" has gudang /api/v1/news gudang-3
part sheng
news xihu 西湖断省
ok "the district's link to the province is down, its communities' is not" eventually has cuiyuan /api/v1/news 西湖断省
part laptop1
person laptop1 走访所记
ok "day 4: the laptop is out in the stairwells and writes" has laptop1 "/api/v1/person?limit=200" 走访所记
quiet 4 5

day 6 gudang
stick=$E2E/stick
ok "day 6: a courier takes 古荡's stick to the district" linli export gudang "$stick"
ok "which takes it in and answers on it" linli import xihu --answer "$stick"
ok "and shows what was carried" eventually has xihu "/api/v1/news?limit=200" gudang-6
ok "day 7: 古荡 has the district's news and receipts from it" linli import gudang "$stick"
ok "without a link all is signed for" test "$(of gudang unsent)" = 0
ok "and the news is there" eventually has gudang "/api/v1/news?limit=200" 西湖断省
quiet 7 8
restore sheng
ok "day 8: the province hears what the stick brought" eventually has sheng "/api/v1/news?limit=200" gudang-6

restore laptop1
ok "day 9: the laptop comes back, and its box has what it wrote" eventually has cuiyuan "/api/v1/person?limit=200" 走访所记
day 10 liangzhu
stolen=$(id_of laptop2)
ok "day 10: a laptop is stolen, and revoked" linli revoke liangzhu "$stolen" --yes
in_net laptop2 /usr/bin/curl -fsS --max-time 10 -b "$E2E/laptop2.jar" -H "Origin: $(url_of laptop2)" -H 'Content-Type: application/json' \
    -d '{"name":"贼人所写","id_type":"990","id_no":"PX","kind":"local","birth":"1950-01-01","grid":"01","_keep":{"id_no":"x"}}' "$(url_of laptop2)/api/v1/person" >/dev/null
ok "what the thief writes is refused" fails linli sync laptop2
person liangzhu 失窃之后
ok "and it is given nothing new" fails has laptop2 "/api/v1/person?limit=200" 失窃之后
stop_node laptop2
quiet 11 12

restore gudang
poor pingyao
day 13 pingyao
ok "day 13: over 9.6 kbit/s with 40 % loss 瓶窑's news arrives" eval 'WITHIN=90 eventually has sheng "/api/v1/news?limit=200" pingyao-13'
quiet 13 14
for n in gudang yuhang sheng; do kill_node "$n"; done
for n in gudang yuhang sheng; do serve_node "$n"; near=$n login "$n" boss linli-e2e-secret >/dev/null; done
day 15 gudang
ok "day 15: the power failed everywhere at once; all come back" eventually has sheng "/api/v1/news?limit=200" gudang-15
good pingyao

# a version to come: it has a schema file, a module (pet) and a field of news (mood) more
enter() { near=$1 login "$1" boss linli-e2e-secret >/dev/null; }
runs() { # PROGRAM NODE…
    local n
    for n in "${@:2}"; do stop_node "$n"; done
    for n in "${@:2}"; do program[$n]=$1; serve_node "$n"; enter "$n"; done
}
pet() { near=$1 post "$1" /api/v1/pet "name=$2" kind=狗 >/dev/null; } # NODE NAME
is() { [ "$(of "$1" "$2")" = "$3" ] || { of "$1" "$2"; return 1; }; }
refused() { for n in sheng xihu yuhang; do is "$n" refused "$1" || { echo "$n"; return 1; }; done; }
runs "$next" yuhang cuiyuan liangzhu laptop1
day 16 pingyao
news cuiyuan 新版所写
ok "day 16: half the nodes have a new version; one that has it sends under one that has not" eventually has sheng "/api/v1/news?limit=200" 新版所写
ok "one that has not sends under one that has it" eventually has sheng "/api/v1/news?limit=200" pingyao-16
ok "what only the new version knows is written, at both ends" eval 'pet cuiyuan 旺财 && pet liangzhu 来福'
ok "a district that has it shows it" eventually has yuhang /api/v1/pet 来福
person laptop1 新版走访
ok "the laptop works on under its box, both new" eventually has cuiyuan "/api/v1/person?limit=200" 新版走访
quiet 17 17
day 17 cuiyuan
ok "day 17: all that 翠苑 wrote is signed for" eventually is cuiyuan unsent 0
stop_node cuiyuan
ok "then it takes the new version back" "$this" back --dir "$(dir_of cuiyuan)"
program[cuiyuan]=$this
serve_node cuiyuan
enter cuiyuan
ok "and gets from the district what it wrote since" eventually has cuiyuan "/api/v1/news?limit=200" cuiyuan-17
ok "its doubt is over, and it is as sure of what it has as ever" eventually is cuiyuan doubt ""
ok "what it does not know any more it carries, and does not show" fails has cuiyuan /api/v1/pet 旺财
person laptop1 盒子退回之后
ok "a laptop ahead of its box still hands in" eventually has cuiyuan "/api/v1/person?limit=200" 盒子退回之后
person cuiyuan 退回后所记
ok "and takes from it" eventually has laptop1 "/api/v1/person?limit=200" 退回后所记

settled() { linli sync liangzhu >/dev/null && [ "$(of liangzhu unsent)" = 0 ]; }
ok "day 18: all that 良渚 wrote is signed for; then its box dies" eventually settled
dead=$(id_of liangzhu)
kill_node liangzhu
mv "$(dir_of liangzhu)" "$E2E/liangzhu.dead"
paper=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$E2E/liangzhu.init")
ok "the district writes a stick for the new one" linli export yuhang --restore "$dead" "$E2E/rebirth"
code=$(linli invite yuhang --region 330110004001 --role community --continues "$dead" | tail -n 1)
ok "day 19: a new box stands in its place, from stick, paper and parent" eval 'in_net liangzhu "${program[liangzhu]}" restore --dir "$(dir_of liangzhu)" --region 330110004001 --name liangzhu --parent "$(url_of yuhang)" --code "${code##* }" --from "$E2E/rebirth" <<<"$paper"'
printf 'sync_every_s = 2\nseal_every_s = 5\n' >>"$(dir_of liangzhu)/config"
serve_node liangzhu
card=$("${program[liangzhu]}" user card --dir "$(dir_of liangzhu)" --login boss | grep -o '[a-z0-9]\{5\}-[a-z0-9]\{5\}')
near=liangzhu login liangzhu boss "$card" >/dev/null
ok "its people are in it, with their names" has liangzhu "/api/v1/person?limit=200" 失窃之后
near=liangzhu post liangzhu /api/v1/session/password "old=$card" new=linli-e2e-secret >/dev/null 2>&1
near=liangzhu login liangzhu boss linli-e2e-secret >/dev/null 2>&1 || near=liangzhu login liangzhu boss "$card" >/dev/null
day 20 liangzhu
ok "and it writes on" eventually has sheng "/api/v1/news?limit=200" liangzhu-20
quiet 21 24
runs "$next" sheng xihu cuiyuan gudang pingyao
day 25 gudang
ok "day 25: the others follow, and the one that went back" eventually has sheng "/api/v1/news?limit=200" gudang-25
ok "what was carried unread is shown: at its box, its district, the province" eval 'for n in cuiyuan xihu sheng; do eventually has "$n" /api/v1/pet 旺财 || { echo "$n"; break; }; done; has sheng /api/v1/pet 来福'
ok "nobody refused anything but the thief, over three kinds of neighbours" refused 0
quiet 26 29
day 30 cuiyuan

# --- in the end
all_signed() { for n in xihu yuhang "${boxes[@]}" laptop1; do linli sync "$n" >/dev/null 2>&1; [ "$(of "$n" unsent)" = 0 ] || { echo "$n"; return 1; }; done; }
ok "day 30: everything is signed for" eval 'WITHIN=60 eventually all_signed'
level() { for n in xihu yuhang "${boxes[@]}" laptop1; do linli sync "$n" --json | jq -e '.level and (.alarm | not)' >/dev/null || { echo "$n"; return 1; }; done; }
ok "both sides of every link are level, and no digest differs" eval 'WITHIN=60 eventually level'
digests() { # audiences that several nodes hold: name, digest
    for n in sheng xihu yuhang "${boxes[@]}" laptop1; do
        sqlite3 "file:$(dir_of "$n")/linli.db?mode=ro" "SELECT name || ' ' || hex(digest) FROM audience WHERE name <> 'public' AND digest <> zeroblob(16)"
    done | sort | uniq -c
}
digests >"$E2E/digests"
ok "every audience has one digest, at all who hold it" eval '[ -z "$(awk "{print \$2}" "$E2E/digests" | sort | uniq -d)" ] && awk "\$1 > 1" "$E2E/digests" | grep -q /'
missing() {
    local w
    for w in "${written[@]}"; do
        for n in "${w%% *}" sheng; do has "$n" "/api/v1/news?limit=200" "${w#* }" || { echo "$w at $n"; return 1; }; done
    done
    for w in "${persons[@]}"; do
        n=${w%% *}
        has "${n/laptop1/cuiyuan}" "/api/v1/person?limit=200" "${w#* }" || { echo "$w"; return 1; }
    done
}
paper=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$E2E/cuiyuan.init")
ok "a drill says that 翠苑 would come back, with what its laptop wrote" eval 'linli restore cuiyuan --drill --json <<<"$paper" | tee /dev/stderr | jq -e ".differing == 0 and .keys_missing == 0"'
ok "nothing that was saved is lost: ${#written[@]} news, ${#persons[@]} persons" missing
ok "the thief's line is nowhere" fails has liangzhu "/api/v1/person?limit=200" 贼人所写
linli show sheng --signers >"$E2E/signers"
for n in "${boxes[@]}" yuhang xihu; do linli show "$n" --signers; done >>"$E2E/signers"
for n in sheng xihu yuhang "${boxes[@]}" laptop1; do stop_node "$n"; done
volumes() {
    local v n=0 c
    for v in "$E2E"/*/log/*/*.git; do
        git -C "$v" fsck --strict --no-dangling >"$E2E/fsck" 2>&1 || { cat "$E2E/fsck"; echo "fsck $v"; return 1; }
        c=$(git -C "$v" rev-parse main)
        git -C "$v" -c gpg.format=ssh -c gpg.ssh.allowedSignersFile="$E2E/signers" verify-commit "$c" 2>/dev/null || { echo "verify $v"; return 1; }
        n=$((n + 1))
    done
    echo "$n volumes"
    [ "$n" -gt 20 ]
}
ok "stock git accepts every volume: fsck, and the signature of its head" volumes
indexes() { local i; for i in "$E2E"/stick/*/index.json "$E2E"/rebirth/*/index.json; do ssh-keygen -Y verify -f "$E2E/signers" -I "$(jq -r .from "$i")@linli" -n linli-stick -s "$i.sig" <"$i" || return 1; done; }
ok "ssh-keygen the index of every stick" indexes
heads() { local b; for b in "$E2E"/stick/*/*.bundle; do git bundle list-heads "$b" >/dev/null || return 1; done; }
ok "git every bundle on it" heads
sound() { for n in sheng xihu yuhang "${boxes[@]}" laptop1; do linli verify "$n" >/dev/null || { echo "$n"; return 1; }; done; }
ok "and every node's logs agree with its database" sound
