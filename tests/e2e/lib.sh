# End-to-end tests: real nodes on loopback. Source it first; it makes a directory, ends every node it
# started (by pid) at exit, and prints `N passed, N failed`.
#   start_node NAME REGION ROLE [PARENT]   init, enrol, serve     stop_node NAME / kill_node NAME (-9)
#   part NAME, restore NAME PORT              its uplink, through a forwarder the test owns
#   post NAME PATH key=value…, get NAME PATH, log_of NAME CHILD
#   eventually COMMAND… (within WITHIN s, default 20)   ok SENTENCE COMMAND…   fails COMMAND…
# Each wait is bounded. PORT0= moves the ports (three for each node).
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
LINLI=${LINLI:-$PWD/build/linli}
E2E=$(mktemp -d "${TMPDIR:-/tmp}/linli-e2e.XXXXXX")
PORT0=${PORT0:-18650}
declare -A node_pid=() link_pid=() node_port=() link_port=()
nodes=0
e2e_mount=
e2e_passed=0
e2e_failed=0

e2e_end() {
    local rc=$? p
    for p in "${node_pid[@]}" "${link_pid[@]}"; do kill -TERM "$p" 2>/dev/null; done
    for p in "${node_pid[@]}" "${link_pid[@]}"; do
        for _ in $(seq 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$p" 2>/dev/null
    done
    if [ "$e2e_failed" -gt 0 ] && [ -z "${KEEP:-}" ]; then tail -n 15 "$E2E"/*.log 2>/dev/null; fi
    [ -z "$e2e_mount" ] || umount "$e2e_mount"
    [ -n "${KEEP:-}" ] || rm -rf "$E2E"
    [ "$rc" = 0 ] || [ "$e2e_failed" -gt 0 ] || e2e_failed=1
    echo "$e2e_passed passed, $e2e_failed failed"
    [ "$e2e_failed" = 0 ] && [ "$e2e_passed" -gt 0 ] && exit 0
    exit 1
}
trap e2e_end EXIT
trap 'exit 1' INT TERM

ok() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@" >"$E2E/last" 2>&1; then
        e2e_passed=$((e2e_passed + 1))
        echo "ok     $sentence"
    else
        e2e_failed=$((e2e_failed + 1))
        echo "FAILED $sentence"
        tail -n 10 "$E2E/last" | sed 's/^/    /'
    fi
}
fails() { ! "$@"; }
eventually() { # COMMAND... until it succeeds
    local end=$((SECONDS + ${WITHIN:-20}))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
die() { echo "FAILED $*"; e2e_failed=$((e2e_failed + 1)); exit 1; }

dir_of() { echo "$E2E/$1"; }
url_of() { echo "http://127.0.0.1:${node_port[$1]}"; }
log_of() { echo "$E2E/$1/log/${2:-}"; } # NODE LOG: the folder of its volumes
up() { curl -fsS -o /dev/null --max-time 2 "$(url_of "$1")/sync/v1/hello" 2>/dev/null; }

serve_node() { # NAME: starts (again) a node that exists
    "$LINLI" serve --dir "$(dir_of "$1")" --listen "127.0.0.1:${node_port[$1]}" >>"$E2E/$1.log" 2>&1 &
    node_pid[$1]=$!
    WITHIN=15 eventually up "$1" || die "$1 does not answer"
}
stop_node() {
    kill -TERM "${node_pid[$1]}" && wait "${node_pid[$1]}"
    unset "node_pid[$1]"
}
kill_node() {
    kill -KILL "${node_pid[$1]}"
    wait "${node_pid[$1]}" 2>/dev/null
    unset "node_pid[$1]"
}

# The uplink of NAME is a forwarder of its own; ending it is the cut.
restore() {
    node tests/e2e/lib-link.mjs "${link_port[$1]}" "$2" >>"$E2E/$1.link.log" 2>&1 &
    link_pid[$1]=$!
    WITHIN=10 eventually curl -s -o /dev/null --max-time 1 "http://127.0.0.1:${link_port[$1]}/sync/v1/hello" || die "no link for $1"
}
part() {
    kill -KILL "${link_pid[$1]}"
    wait "${link_pid[$1]}" 2>/dev/null
    unset "link_pid[$1]"
}

start_node() { # NAME REGION ROLE [PARENT]
    node_port[$1]=$((PORT0 + nodes * 3))
    link_port[$1]=$((PORT0 + nodes * 3 + 1))
    nodes=$((nodes + 1))
    local root=
    [ -n "${4:-}" ] || root=--root
    "$LINLI" init --dir "$(dir_of "$1")" --region "$2" --role "$3" --name "$1" $root >"$E2E/$1.init" 2>&1 ||
        { cat "$E2E/$1.init"; die "init $1"; }
    if [ -n "${4:-}" ]; then
        restore "$1" "${node_port[$4]}"
        local code
        code=$("$LINLI" invite --dir "$(dir_of "$4")" --region "$2" --role "$3" | tail -n 1)
        "$LINLI" join --dir "$(dir_of "$1")" --parent "http://127.0.0.1:${link_port[$1]}" --code "${code##* }" \
            >>"$E2E/$1.log" 2>&1 || { cat "$E2E/$1.log"; die "join $1"; }
    fi
    serve_node "$1"
}

user() { printf '%s\n' "$3" | "$LINLI" user add --dir "$(dir_of "$1")" --login "$2" --role "$4"; } # NODE LOGIN PASSWORD ROLE
json() { jq -cn 'reduce $ARGS.positional[] as $p ({}; . + ($p | capture("^(?<key>[^=]+)=(?<value>.*)$";"m") | {(.key): .value}))' --args "$@"; }
login() { # NODE LOGIN PASSWORD
    curl -fsS --max-time 10 -c "$E2E/$1.jar" -H "Origin: $(url_of "$1")" -H 'Content-Type: application/json' \
        -d "$(json "login=$2" "password=$3")" "$(url_of "$1")/api/v1/session"
}
get() { curl -fsS --max-time 10 -b "$E2E/$1.jar" "$(url_of "$1")$2"; }
post() { # NODE PATH key=value...
    local n=$1 p=$2
    shift 2
    curl -fsS --max-time 10 -b "$E2E/$n.jar" -H "Origin: $(url_of "$n")" -H 'Content-Type: application/json' \
        -d "$(json "$@")" "$(url_of "$n")$p"
}
shows() { get "$1" "$2" | grep -qF -- "$3"; } # NODE PATH TEXT
