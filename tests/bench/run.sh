#!/bin/bash
# make bench: figures as JSON lines; see bench.mjs for RUNS, N, ONLY, PEERS. The C benches of single rooms come first.
set -eu
cd "$(dirname "$0")/../.."
make -s -j2 all
if [ -z "${ONLY:-}" ]; then
    for c in tests/bench/bench_*.c; do
        make -s "build/${c%.c}"
        "build/${c%.c}"
    done
fi
exec node tests/bench/bench.mjs
