#!/bin/bash
# make sim: SEEDS=<how many> (200; SHORT=1: 6) from FIRST=1 on, DAYS=4 each, with a stand-in for the arithmetic of
# curves; then REAL=10 (SHORT=1: 1) with the crypto that ships; the first seed twice, which must give one trace.
# BUGS=1: each of the planted bugs must be found within the seeds. Prints node-days a minute and a line to repeat what
# failed. Ends with `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.."
make -s -j"$(nproc)" build/tests/sim/real build/tests/sim/fast build/tests/sim/planted || { echo "0 passed, 1 failed"; exit 1; }
first=${FIRST:-1}
days=${DAYS:-4}
seeds=${SEEDS:-$([ -n "${SHORT:-}" ] && echo 6 || echo 200)}
real=${REAL:-$([ -n "${SHORT:-}" ] && echo 1 || echo 10)}
passed=0
failed=0
lived=0
began=0
verdict() { # OK SENTENCE
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
one() { # PROGRAM SEED: what it printed is in $out
    out=$(timeout "${LIMIT:-600}" "build/tests/sim/$1" "$2" "$days" 2>/dev/null)
    local rc=$?
    lived=$((lived + $(echo "$out" | sed -n 's/^node-days //p' | head -1 | grep . || echo 0)))
    echo "$out" | grep '^seed'
    if [ $rc != 0 ]; then
        echo "$out" | grep '^FAILED' || echo "FAILED seed $2: ended with $rc"
        echo "    again: make -s build/tests/sim/$1 && SIM_LOG=1 build/tests/sim/$1 $2 $days"
    fi
    return $rc
}
rate() { # PROGRAM
    local s=$((SECONDS - began))
    echo "{\"figure\":\"sim.$1\",\"value\":$((lived * 60 / (s > 0 ? s : 1))),\"unit\":\"node-days/min\"}"
}
run() { # PROGRAM COUNT
    lived=0
    began=$SECONDS
    for s in $(seq "$first" $((first + $2 - 1))); do
        one "$1" "$s"
        verdict $?
    done
    rate "$1"
}
if [ -n "${BUGS:-}" ]; then
    for bug in $(seq 1 "$(grep -c '^/\* [0-9]* ' tests/sim/plant.c)"); do
        found=
        for s in $(seq "$first" $((first + seeds - 1))); do
            out=$(SIM_PLANT=$bug timeout 600 build/tests/sim/planted "$s" "$days" 2>/dev/null) || { found=$s; break; }
        done
        text=$(sed -n "s|^/\* $bug \(.*\) \*/\$|\1|p" tests/sim/plant.c)
        if [ -n "$found" ]; then
            echo "ok     bug $bug ($text) is found by seed $found: $(echo "$out" | sed -n 's/^FAILED seed [0-9]*: //p;s/^seed [0-9]*: FAILED //p' | cut -c1-110)"
        else
            echo "FAILED bug $bug ($text) is not found by $seeds seeds"
        fi
        [ -n "$found" ]
        verdict $?
    done
else
    run fast "$seeds"
    run real "$real"
    trace() { build/tests/sim/fast "$first" "$days" 2>/dev/null | grep -o 'trace [0-9a-f]*'; }
    a=$(trace)
    b=$(trace)
    [ -n "$a" ] && [ "$a" = "$b" ]
    same=$?
    [ $same = 0 ] && echo "ok     one seed gives one run" || echo "FAILED seed $first gives $a and then $b"
    verdict $same
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
