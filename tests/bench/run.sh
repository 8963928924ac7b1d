#!/bin/bash
# make bench: figures as JSON lines; see bench.mjs for RUNS, N, ONLY, PEERS. The C benches of single rooms come first;
# CHILDREN=300 return at once (each is 6 ms of the district's processor, so 10,000 are minutes).
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
