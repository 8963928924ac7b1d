#!/bin/bash
# make fuzz: each target RUNS=1000000 times (SHORT=1: its corpus and 2 s of new inputs; T=name: that one), built
# with ASan and UBSan. Ends with `N passed, N failed`. Inputs that fail stay in build/fuzz/; mended, they go to
# tests/fuzz/corpus/<name>/, which every run goes through first.
set -u
cd "$(dirname "$0")/../.."
runs=${RUNS:-1000000}
out=build/fuzz
b=build/san-fuzzer-no-link-address-undefined
mkdir -p $out
# 8 MB of freed memory are kept to be caught used again: more than any input frees, and they stay in the cache
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=8}
flags=(-std=c17 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -O1 -g -I. -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)
libs=(-lcurl -lsqlite3 -lgit2 -lzstd -ljansson -lxlsxwriter -lminizip -lexpat -lqrencode -lsodium -lz -lm -lpthread)
passed=0
failed=0
# the room's code once, with clang (whose warnings differ from gcc's)
if ! make -s -j"$(nproc)" CC="${CLANG:-clang}" SAN=fuzzer-no-link,address,undefined EXTRA_CFLAGS=-w $b/liblinli.a >$out/lib.log 2>&1; then
    tail -n 20 $out/lib.log
    echo "0 passed, 1 failed"
    exit 1
fi
run() { # NAME
    local name=$1 extra=()
    grep -q tests/fuzz/undone.h "tests/fuzz/$name.c" && extra=(-Wl,--wrap=ln_replica_commit)
    if ! clang "${flags[@]}" "${extra[@]}" -o "$out/$name" "tests/fuzz/$name.c" tests/lib/forge.c $b/liblinli.a "${libs[@]}" >"$out/$name.log" 2>&1; then
        echo "FAILED $name does not build"; tail -n 5 "$out/$name.log"
        return 1
    fi
    local limit=(-runs="$runs") new="$out/$name.corpus"
    if [ -n "${SHORT:-}" ]; then
        limit=(-max_total_time=2)
        new="$out/$name.short"
        rm -rf "$new"
    fi
    mkdir -p "$new" "tests/fuzz/corpus/$name"
    # -entropic=0: with a thousand inputs in the corpus the bookkeeping of rare features took half the time
    if "$out/$name" "${limit[@]}" -entropic=0 -max_len=70000 -rss_limit_mb=2048 -timeout=30 -detect_leaks="${LEAKS:-1}" -artifact_prefix="$out/$name-" \
        "$new" "tests/fuzz/corpus/$name" >"$out/$name.log" 2>&1; then
        echo "ok     $name $(grep -oE '#[0-9]+' "$out/$name.log" | tail -n 1) runs"
    else
        echo "FAILED $name"; tail -n 30 "$out/$name.log"
        return 1
    fi
}
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    [ -n "${T:-}" ] && [ "$name" != "fuzz_$T" ] && continue
    if run "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
