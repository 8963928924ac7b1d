#!/bin/bash
# make torture: KILLS=1000 kills with -9 at random under load; the program stopped at each STRIDE-th (1) place that leaves another disk of
# save, send, take in, export, rebuild, checkpoint, drop, restore, erase (OPS= some) and their recovery, and each failing;
# the link cut after each EVERY-th (16) byte of a 64 KiB exchange; memory that runs out at each STRIDE-th allocation of
# save, seal, take in, export, rebuild; the power cut at POINTS=10000 points of a node's life on a recorded disk (root; see
# power.mjs). SHORT=1: a little of each. T=kill|stop|link|memory|power: one of them. Ends with `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.."
[ -x build/linli ] || make -s -j2 all
short=${SHORT:-}
passed=0
failed=0
run() { # NAME COMMAND...
    [ -n "${T:-}" ] && [ "$T" != "$1" ] && return
    local name=$1 began=$SECONDS out
    shift
    out=$(mktemp)
    "$@" | tee "$out" | grep --line-buffered -v '^[0-9]* passed'
    local last
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1)
    last=${last:-0 passed, 1 failed}
    rm -f "$out"
    echo "  $name: $((SECONDS - began)) s"
    passed=$((passed + ${last%% *}))
    last=${last##*, }
    failed=$((failed + ${last%% *}))
}
memory() {
    make -s -j2 build/tests/torture/memory && build/tests/torture/memory "$1"
}
stop() {
    make -s build/tests/torture/nth.so && node tests/torture/stop.mjs "$1"
}
power() {
    make -s build/tests/torture/recorder build/next/linli && node tests/torture/power.mjs "$1"
}
run kill node tests/torture/kill.mjs "${KILLS:-$([ -n "$short" ] && echo 8 || echo 1000)}"
run stop stop "${STRIDE:-$([ -n "$short" ] && echo 0 || echo 1)}"
run link node tests/torture/link.mjs "${EVERY:-$([ -n "$short" ] && echo 8191 || echo 16)}"
run memory memory "${STRIDE:-$([ -n "$short" ] && echo 0 || echo 1)}"
[ -n "$short" ] && export SAVES=${SAVES:-40}
run power power "${POINTS:-$([ -n "$short" ] && echo 12 || echo 10000)}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
