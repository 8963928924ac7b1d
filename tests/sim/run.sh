#!/bin/bash
# make sim: SEEDS="1 2 3" ROUNDS=4000 (SHORT=1: one seed, 1500 rounds). Ends with `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.."
make -s -j2 all build/tests/sim/sim || exit 1
rounds=${ROUNDS:-4000}
seeds=${SEEDS:-1 2 3}
[ -n "${SHORT:-}" ] && rounds=1500 seeds=1
passed=0
failed=0
for s in $seeds; do
    out=$(timeout "${LIMIT:-1800}" build/tests/sim/sim "$s" "$rounds" 2>&1)
    echo "$out"
    last=$(echo "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -n 1)
    passed=$((passed + $(echo "${last:-0 passed, 1 failed}" | cut -d' ' -f1)))
    failed=$((failed + $(echo "${last:-0 passed, 1 failed}" | cut -d' ' -f3)))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
