#!/bin/bash
# make torture: KILLS=1000 kills with -9 at random under load; the program stopped at each STRIDE-th (1) system call of
# save, send, take in, export, rebuild and their recovery, and each such call failing; the link cut after each EVERY-th
# (16) byte of a 64 KiB exchange. SHORT=1: a little of each. T=kill|stop|link: one of them. Ends with `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.."
[ -x build/linli ] || make -s -j2 all
short=${SHORT:-}
passed=0
failed=0
run() { # NAME ARGUMENT
    [ -n "${T:-}" ] && [ "$T" != "$1" ] && return
    local began=$SECONDS out
    out=$(mktemp)
    node "tests/torture/$1.mjs" "$2" | tee "$out" | grep -v '^[0-9]* passed'
    local last
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1)
    last=${last:-0 passed, 1 failed}
    rm -f "$out"
    echo "  $1: $((SECONDS - began)) s"
    passed=$((passed + ${last%% *}))
    last=${last##*, }
    failed=$((failed + ${last%% *}))
}
run kill "${KILLS:-$([ -n "$short" ] && echo 8 || echo 1000)}"
run stop "${STRIDE:-$([ -n "$short" ] && echo 0 || echo 1)}"
run link "${EVERY:-$([ -n "$short" ] && echo 8191 || echo 16)}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
