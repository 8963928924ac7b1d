#!/bin/bash
# Runs tests and counts them: run.sh unit | e2e | test (all, with short forms of sim, fuzz and torture) | san (unit
# and end to end, built with SAN=, whose reports count as failures). T=, F= and LANES= choose. Ends with `N passed, N failed`; exit 1 when one failed or nothing ran.
set -u
cd "$(dirname "$0")/.."
export CC="${CC:-gcc}" SAN="${SAN:-}" T="${T:-}" F="${F:-}"
b=build
[ -n "$SAN" ] && b=build/san-${SAN//,/-}
passed=0
failed=0
logs=build/test-logs
mkdir -p "$logs"

# count LABEL LOG EXIT OK BAD: adds what a program said; an exit that its count does not explain is one failure more
count() {
    local ok=$4 bad=$5
    [ "$3" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ "$3" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$ok" -eq 0 ] && bad=1
    passed=$((passed + ok))
    failed=$((failed + bad))
    if [ "$bad" -gt 0 ]; then
        echo "FAILED $1 ($ok passed, $bad failed, exit $3)"
        { grep -E -A 4 '^(FAILED|not ok|\[ *FAILED)' "$2" | head -n 20; echo ...; tail -n 25 "$2"; } | sed 's/^/    /'
    else
        echo "ok     $1 ($ok)"
    fi
}

unit() {
    make -s -j"$(nproc)" all sample >"$logs/build" 2>&1 && make -s -k -j"$(nproc)" $(tests) >>"$logs/build" 2>&1 ||
        { count build "$logs/build" 1 0 1; }
    for t in $(tests); do
        [ -x "$t" ] || { : >"$logs/none"; count "${t#"$b"/tests/} (not built)" "$logs/none" 1 0 1; continue; }
        local log="$logs/$(basename "$t")"
        CMOCKA_TEST_FILTER="$F" timeout 600 "$t" >"$log" 2>&1
        local rc=$?
        count "${t#"$b"/tests/}" "$log" $rc "$(grep -c '^\[       OK \]' "$log")" \
            "$(grep -E '^\[  FAILED  \] [^0-9]' "$log" | sort -u | grep -cv 'test(s)')"
    done
}

tests() {
    local pattern="test_*.c" dir="tests/crypto tests/sync tests/node"
    [ -n "$T" ] && dir="tests/$(dirname "$T")" pattern="test_$(basename "$T").c"
    find $dir -name "$pattern" 2>/dev/null | sort | sed "s,^,$b/,; s,\.c\$,,"
}

# counted LABEL COMMAND...: a program that ends with `N passed, N failed` itself
counted() {
    local label=$1 log="$logs/${1//\//-}"
    shift
    timeout "${LIMIT:-600}" "$@" >"$log" 2>&1
    local rc=$? last
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    count "$label" "$log" $rc "$(echo "${last:-0}" | cut -d' ' -f1)" "$(echo "${last:-0 passed, 1}" | cut -d' ' -f3)"
}

# one TEST: an end-to-end test in the lane SLOT, with ports of its own; says how it went and adds its counts to the others'
one() {
    passed=0 failed=0
    export PORT0=$((${PORT0:-18650} + SLOT * 1000))
    case "$1" in
    *.sh) counted "e2e/$(basename "$1")" bash "$1" ;;
    *) counted "e2e/$(basename "$1")" node "$1" ;;
    esac >"$logs/said.$SLOT"
    cat "$logs/said.$SLOT" # in one piece
    echo "$passed $failed" >>"$logs/e2e"
}

# LANES= so many at a time (one for each core, at most 8); those that take long come first
e2e() {
    local t p f cores=$(($(nproc) < 8 ? $(nproc) : 8)) long="import|taps|move|walk|message|month|link"
    for t in tests/e2e/*.sh tests/e2e/*.mjs; do
        [ -e "$t" ] && [ "$t" != tests/e2e/lib.sh ] || continue
        [[ $t == *lib*.mjs || $t == *.config.mjs ]] && continue
        [ -n "$T" ] && [ "$(basename "${t%.*}")" != "$T" ] && continue
        [ -n "$SAN" ] && [ "$t" = tests/e2e/package.sh ] && continue # judges the program that is shipped
        echo "$t"
    done >"$logs/which"
    if grep -qE '/(month|version)\.' "$logs/which"; then # both use it
        make -s build/next/linli >"$logs/next" 2>&1 || count build/next/linli "$logs/next" 1 0 1
    fi
    : >"$logs/e2e"
    export -f one counted count
    export logs
    { grep -E "/($long)\." "$logs/which"; grep -vE "/($long)\." "$logs/which"; } |
        xargs -r -n 1 -P "${LANES:-$cores}" --process-slot-var=SLOT bash -c 'one "$0"'
    while read -r p f; do
        passed=$((passed + p))
        failed=$((failed + f))
    done <"$logs/e2e"
    [ "$(wc -l <"$logs/e2e")" -eq "$(wc -l <"$logs/which")" ] || { : >"$logs/none"; count "e2e (not all ended)" "$logs/none" 1 0 1; }
}

# pages: what runs without a browser, under node's own runner
ui() {
    [ -e tests/ui ] && [ -z "$T" ] || return 0
    local log="$logs/ui"
    timeout 300 node --test --test-reporter=tap tests/ui/ >"$log" 2>&1
    count ui "$log" $? "$(sed -n 's/^# pass //p' "$log")" "$(sed -n 's/^# fail //p' "$log")"
}

# sanitized: what the sanitizers of SAN= report, wherever the program ran, is a file and a failure
sanitized() {
    local reports="$PWD/$logs/report-${SAN//,/-}"
    rm -f "$reports".*
    export LINLI="$PWD/$b/linli" ASAN_OPTIONS="log_path=$reports" UBSAN_OPTIONS="log_path=$reports:print_stacktrace=1" \
        TSAN_OPTIONS="log_path=$reports:suppressions=$PWD/tests/tsan.supp"
    unit
    e2e
    cat "$reports".* >"$logs/sanitizers" 2>/dev/null
    count "no report of $SAN" "$logs/sanitizers" 0 1 "$(ls "$reports".* 2>/dev/null | wc -l)"
}

case "${1:-test}" in
unit) unit ;;
e2e) e2e ;;
san) sanitized ;;
test)
    unit
    ui
    counted layers bash -c 'make -s layers'
    e2e
    for long in sim fuzz torture; do
        counted "$long (short)" env SHORT=1 tests/$long/run.sh
    done
    ;;
esac
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
