#!/bin/bash
# make fuzz: each target for SECONDS_EACH=300 (SHORT=1: 5) with ASan and UBSan. Ends with `N passed, N failed`.
# Inputs that fail stay in build/fuzz/.
set -u
cd "$(dirname "$0")/../.."
for_s=${SECONDS_EACH:-300}
[ -n "${SHORT:-}" ] && for_s=5
out=build/fuzz
mkdir -p $out
flags=(-std=c17 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -O1 -g -I. -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)
sources=$(ls crypto/*.c crypto/base/*.c sync/*.c | grep -v sync/volume.c)
passed=0
failed=0
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    if ! clang "${flags[@]}" -o "$out/$name" "$target" $sources -lsodium -lzstd -lz >"$out/$name.log" 2>&1; then
        echo "FAILED $name does not build"; tail -n 5 "$out/$name.log"
        failed=$((failed + 1))
        continue
    fi
    mkdir -p "$out/$name.corpus"
    if "$out/$name" -max_total_time="$for_s" -max_len=70000 -rss_limit_mb=1024 -artifact_prefix="$out/$name-" \
        "$out/$name.corpus" >"$out/$name.log" 2>&1; then
        echo "ok     $name $(grep -oE '#[0-9]+' "$out/$name.log" | tail -n 1) runs"
        passed=$((passed + 1))
    else
        echo "FAILED $name"; tail -n 12 "$out/$name.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
