#!/bin/bash
# make sim: SEEDS=<how many> (200; SHORT=1: 6) from FIRST=1 on, DAYS=4 each, with a stand-in for the arithmetic of
# curves; then REAL=10 (SHORT=1: 1) with the crypto that ships; the first seed twice, which must give one trace.
# BUGS=1: each of the planted bugs must be found within the seeds. JOBS= worlds at a time (one a processor). Prints
# node-days a minute, milliseconds of processor a node-day, and a line to repeat what failed. Ends with `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.." && self=$PWD/tests/sim/run.sh
first=${FIRST:-1}
days=${DAYS:-4}
seeds=${SEEDS:-$([ -n "${SHORT:-}" ] && echo 6 || echo 200)}
real=${REAL:-$([ -n "${SHORT:-}" ] && echo 1 || echo 10)}
jobs=${JOBS:-$(nproc)}

# hunt BUG: the first seed that finds it; the sentence goes to its file
hunt() {
    local out text s
    text=$(sed -n "s|^/\* $1 \(.*\) \*/\$|\1|p" tests/sim/plant.c)
    for s in $(seq "$first" $((first + seeds - 1))); do
        out=$(SIM_PLANT=$1 timeout "${LIMIT:-600}" build/tests/sim/planted "$s" "$days" 2>/dev/null |
            sed -n 's/^FAILED seed [0-9]*: //p;s/^seed [0-9]*: FAILED //p')
        [ -n "$out" ] || continue # a world that took too long has found nothing
        echo "ok     bug $1 ($text) is found by seed $s: ${out:0:110}"
        return
    done
    echo "FAILED bug $1 ($text) is not found by $seeds seeds"
}
# live PROGRAM SEED: what it printed and how it ended
live() {
    timeout "${LIMIT:-600}" "build/tests/sim/$1" "$2" "$days" >"$told/$1.$2" 2>/dev/null
    echo $? >"$told/$1.$2.rc"
}
case ${1:-} in
hunt) hunt "$2" >"$told/bug.$2"; exit ;;
live) live "$2" "$3"; exit ;;
esac

make -s -j"$(nproc)" build/tests/sim/real build/tests/sim/fast build/tests/sim/planted || { echo "0 passed, 1 failed"; exit 1; }
told=$(mktemp -d)
export told
trap 'rm -rf "$told"' EXIT
passed=0
failed=0
verdict() { # OK
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
each() { # WHAT COMMAND...: the command with each number that comes in
    xargs -P "$jobs" -I{} "$self" "$@" {}
}
busy_ms() { # into `busy`: of processor, this shell's children so far
    times >"$told/times"
    busy=$(awk -F '[ms ]' 'NR == 2 { printf "%d\n", ($1 * 60 + $2 + $4 * 60 + $5) * 1000 }' "$told/times")
}
rate() { # PROGRAM NODE-DAYS SECONDS MS-OF-PROCESSOR
    echo "{\"figure\":\"sim.$1\",\"value\":$(($2 * 60 / ($3 > 0 ? $3 : 1))),\"unit\":\"node-days/min\",\"jobs\":$jobs}"
    echo "{\"figure\":\"sim.$1_cpu\",\"value\":$(awk "BEGIN { printf \"%.2f\", $4 / ($2 > 0 ? $2 : 1) }"),\"unit\":\"ms/node-day\"}"
}
run() { # PROGRAM COUNT
    local began=$SECONDS before lived=0 s rc
    busy_ms
    before=$busy
    seq "$first" $((first + $2 - 1)) | each live "$1"
    local took=$((SECONDS - began))
    busy_ms
    for s in $(seq "$first" $((first + $2 - 1))); do
        local out="$told/$1.$s"
        rc=$(cat "$out.rc" 2>/dev/null || echo 1)
        lived=$((lived + $(sed -n 's/^node-days //p' "$out" | head -1 | grep . || echo 0)))
        grep '^seed' "$out"
        if [ "$rc" != 0 ]; then
            grep '^FAILED' "$out" || echo "FAILED seed $s: ended with $rc"
            echo "    again: make -s build/tests/sim/$1 && SIM_LOG=1 build/tests/sim/$1 $s $days"
        fi
        verdict "$rc"
    done
    rate "$1" "$lived" "$took" $((busy - before))
}
if [ -n "${BUGS:-}" ]; then
    bugs=$(grep -c '^/\* [0-9]* ' tests/sim/plant.c)
    seq 1 "$bugs" | each hunt
    for bug in $(seq 1 "$bugs"); do
        cat "$told/bug.$bug"
        grep -q '^ok' "$told/bug.$bug"
        verdict $?
    done
else
    run fast "$seeds"
    run real "$real"
    trace() { build/tests/sim/fast "$first" "$days" 2>/dev/null | grep -o 'trace [0-9a-f]*'; }
    a=$(grep -o 'trace [0-9a-f]*' "$told/fast.$first")
    b=$(trace)
    [ -n "$a" ] && [ "$a" = "$b" ]
    same=$?
    [ $same = 0 ] && echo "ok     one seed gives one run" || echo "FAILED seed $first gives $a and then $b"
    verdict $same
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
