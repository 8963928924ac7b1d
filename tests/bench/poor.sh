#!/bin/bash
# A day's work (COUNT=97 residents, some 50 KB of change lines) over a poor link: 9.6 kbit/s each way (RATE=) and LOSS=40 % of the
# packets lost in both directions (BOTH=0: on the way to the box alone). Prints one JSON line a figure: seconds until the district
# has signed for all of it, and bytes on the wire. Needs root: two network namespaces of its own, tc, nft. TARGETS: at most 600 s.
if [ -z "${POOR_INSIDE:-}" ]; then
    unshare -n true 2>/dev/null || { echo "skipped: this machine gives no network namespaces (they need root)" >&2; exit 0; }
    POOR_INSIDE=1 exec unshare -n bash "$0" "$@"
fi
set -eu
cd "$(dirname "$0")/../.."
make -s build/linli
L=${LINLI:-$PWD/build/linli} COUNT=${COUNT:-97} RATE=${RATE:-9600} LOSS=${LOSS:-40} BOTH=${BOTH:-1} MOST=${MOST:-1800}
W=$(mktemp -d "${TMPDIR:-/tmp}/linli-poor.XXXXXX")
pids=()
# shellcheck disable=SC2329 # by trap
end() {
    set +e # some of them have ended by themselves
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
    if [ -n "${KEEP:-}" ]; then cp "$W"/*.log "$KEEP"; fi
    wait 2>/dev/null
    rm -rf "$W"
}
trap end EXIT
until_s() { # SECONDS COMMAND... again and again until it succeeds
    local last=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $last ] || { echo "poor.sh: gave up waiting for: $*" >&2; return 1; }
        sleep 0.2
    done
}
unshare -n sleep 5000 & ns=$!
pids+=("$ns")
apart() { [ "$(readlink "/proc/$ns/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
until_s 10 apart
far() { nsenter -t "$ns" -n "$@"; }
ip link set lo up
ip link add up0 type veth peer name down0 netns "$ns"
ip addr add 10.77.0.1/24 dev up0 && ip link set up0 up
far sh -c 'ip link set lo up; ip addr add 10.77.0.2/24 dev down0; ip link set down0 up'

"$L" init --dir "$W/district" --region 330106000000 --role district --name 西湖区 --root >/dev/null
"$L" init --dir "$W/box" --region 330106005055 --role community --name 翠苑一区社区 >/dev/null
printf 'sync_every_s = 20\nseal_every_s = 900\n' >>"$W/box/config"
"$L" serve --dir "$W/district" --listen 10.77.0.1:8080 >"$W/district.log" 2>&1 &
pids+=("$!")
until_s 20 curl -fs --max-time 2 -o /dev/null http://10.77.0.1:8080/sync/v1/hello
code=$("$L" invite --dir "$W/district" --region 330106005055 --role community | tail -n 1)
far "$L" join --dir "$W/box" --parent http://10.77.0.1:8080 --code "${code##* }" >/dev/null
nsenter -t "$ns" -n "$L" serve --dir "$W/box" --listen 10.77.0.2:8080 >"$W/box.log" 2>&1 &
pids+=("$!")
B=http://10.77.0.2:8080
until_s 20 far curl -fs --max-time 2 -o /dev/null $B/sync/v1/hello
echo poor-secret | "$L" user add --dir "$W/box" --login boss --role committee >/dev/null
ask() { far curl -fsS --max-time 20 -b "$W/jar" -c "$W/jar" -H "Origin: $B" -H 'Content-Type: application/json' "$@"; }
ask -d '{"login":"boss","password":"poor-secret"}' $B/api/v1/session >/dev/null
level() { [ "$(ask $B/api/v1/status | jq .sync.unsent)" = 0 ]; }
"$L" sync --dir "$W/box" >/dev/null
until_s 60 level
sleep 3 # keys of the pool and their escrow

own() { sqlite3 "$W/box/linli.db" "SELECT coalesce(sum(size), 0) FROM file WHERE log = (SELECT n FROM log WHERE mine = 1)"; }
held=$(own)
ip link set up0 down
for ((i = 1; i <= COUNT; i++)); do
    ask -d "{\"name\":\"沈$i\",\"id_type\":\"990\",\"id_no\":\"K$RANDOM$RANDOM\",\"kind\":\"local\",\"birth\":\"19$((RANDOM % 60 + 30))-0$((RANDOM % 9 + 1))-1$((RANDOM % 9))\",\"phone\":\"1390571$((RANDOM % 9000 + 1000))\",\"employer\":\"翠苑新村第$((RANDOM % 900))小学教务处$RANDOM\",\"_keep\":{\"id_no\":\"样例\"}}" $B/api/v1/person >/dev/null
done
tc qdisc add dev up0 root tbf rate "${RATE}bit" burst 1600 latency 3s
far tc qdisc add dev down0 root tbf rate "${RATE}bit" burst 1600 latency 3s
drop() { echo "add table ip bad; add chain ip bad in { type filter hook input priority 0; }; add rule ip bad in iif $1 numgen random mod 100 < $LOSS drop"; }
far nft "$(drop down0)"
[ "$BOTH" = 0 ] || nft "$(drop up0)"
wire() { awk '$1 == "up0:" { print $2 + $10 }' /proc/net/dev; }
before=$(wire)
ip link set up0 up
began=$(date +%s)
until level || [ $(($(date +%s) - began)) -gt "$MOST" ]; do sleep 1; done
took=$(($(date +%s) - began))
what=$([ "$BOTH" = 0 ] && echo down || echo both)
echo "{\"figure\":\"poor.$what.segments\",\"unit\":\"B\",\"value\":$(($(own) - held))}"
echo "{\"figure\":\"poor.$what.wire\",\"unit\":\"B\",\"value\":$(($(wire) - before))}"
echo "{\"figure\":\"poor.$what.seconds\",\"unit\":\"s\",\"value\":$took}"
level || { echo "poor.sh: not level after $MOST s" >&2; exit 1; }
