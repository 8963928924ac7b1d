#!/bin/bash
# make bench: figures as JSON lines; see bench.mjs for RUNS, N, ONLY, PEERS. The C benches of single rooms come first;
# CHILDREN=300 return at once (more than some thousands have not been measured yet).
set -eu
cd "$(dirname "$0")/../.."
make -s -j2 all
export CHILDREN=${CHILDREN:-300}
if [ -z "${ONLY:-}" ]; then
    for c in tests/bench/bench_*.c; do
        make -s "build/${c%.c}"
        "build/${c%.c}"
    done
fi
exec node tests/bench/bench.mjs
