#!/bin/bash
# Proves the arrows of the house: who includes whom, which symbols sync/ may need, where SQL and libgit2 stand.
# Needs the objects of `make all` in $B. Ends with `N passed, N failed`.
set -u
cd "$(dirname "$0")/.."
b=${B:-build}
passed=0
failed=0
verdict() { # NAME OFFENDERS
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        echo "ok     $1"
    else
        failed=$((failed + 1))
        echo "FAILED $1"
        echo "$2" | head -n 20 | sed 's/^/    /'
    fi
}
src() { find "$@" \( -name '*.c' -o -name '*.h' \) 2>/dev/null; }
quoted() { src "$@" | xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include "' ; }
angled() { src "$@" | xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include <' ; }

libs='git2|sqlite3|civetweb|curl/|zstd|jansson|xlsxwriter|minizip|expat|qrencode|libpq'
verdict "crypto includes only crypto" "$(quoted crypto | grep -v 'include "crypto/')"
verdict "crypto knows no library but libsodium" "$(angled crypto | grep -E "<($libs)")"
verdict "sync includes only sync and crypto" "$(quoted sync | grep -vE 'include "(sync|crypto)/')"
verdict "sync knows libgit2, zstd, zlib and libsodium only" "$(angled sync | grep -E "<($libs)" | grep -vE '<(git2|zstd)')"
verdict "libgit2 stays in sync/volume.c" "$(src crypto sync node | grep -v '^sync/volume\.c$' | xargs -r grep -HnE '#include <git2|\bgit_[a-z]+_[a-z_]+\(')"
verdict "node includes no tests" "$(quoted node | grep -vE 'include "(node|sync|crypto)/')"
verdict "quoted includes give the whole path" "$(quoted crypto sync node | grep -vE 'include "[a-z]+/')"
verdict "SQLite is known in node/store only" "$(angled node | grep '<sqlite3' | grep -v '^node/store/')"
verdict "SQL stands in node/store only" "$(src node | grep -v '^node/store/' | xargs -r grep -HnE '"(SELECT .* FROM|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE TABLE) ')"
verdict "ui knows the node by its paths only" "$(find ui -name '*.[ch]' -not -path '*/node_modules/*' 2>/dev/null)"

# sync/ is pure: time, randomness and files come in through struct ln_env
pure='mem(cpy|set|move|cmp|chr|mem|rchr)|(rawmem|str)[a-z]+|__(mem|str|sn|vsn)[a-z]+_chk|v?snprintf|__explicit_bzero_chk|explicit_bzero'
pure+='|abort|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__ctype_[a-z_]+|__errno_location'
pure+='|malloc|calloc|realloc|reallocarray|free|qsort|bsearch|__isoc(99|23)_[a-z]+|abs|isspace|isdigit'
pure+='|ln_[a-z0-9_]+|sodium_[a-z0-9_]+|crypto_[a-z0-9_]+|ZSTD_[A-Za-z0-9_]+'
pure+='|__(asan|ubsan|tsan|sanitizer|gcov|sancov)_[a-z0-9_]+'
random='randombytes|crypto_[a-z0-9_]*_keygen|crypto_box_keypair|crypto_sign_keypair|crypto_kx_keypair'
for o in $(find "$b/sync" -name '*.o' 2>/dev/null | sort); do
    allow=$pure
    [ "$o" = "$b/sync/volume.o" ] && allow+='|git_[a-z0-9_]+'
    [ "$o" = "$b/sync/pack.o" ] && allow+='|adler32|(compress|uncompress)[A-Za-z0-9]*|(in|de)flate[A-Za-z0-9]*_?' # pure too
    bad=$(nm -u --format=posix "$o" | cut -d' ' -f1 | sed 's/@.*//' | grep -vE "^($allow)\$|^_ITM|^__gmon")
    bad+=$(nm -u --format=posix "$o" | cut -d' ' -f1 | grep -E "^($random)")
    verdict "${o#"$b"/} calls no system function" "$bad"
done
# a mutable variable at file scope is shared state; main.c may have its stop flag, buf.c its empty string
if [ -z "${SAN:-}" ]; then
    mutable=$(for o in $(find "$b/crypto" "$b/sync" "$b/node" -name '*.o' 2>/dev/null); do
        [ "$o" = "$b/node/main.o" ] && continue
        objdump -t "$o" | awk -v o="${o#"$b"/}" '$3 == "O" && $4 ~ /^\.(t?data|t?bss)/ && $4 !~ /\.ro/ { print o ": " $NF }
                                                $2 == "O" && $3 ~ /^\.(t?data|t?bss)/ && $3 !~ /\.ro/ { print o ": " $NF }'
    done | grep -v '^crypto/base/buf\.o: nothing$')
    verdict "no mutable variable at file scope" "$mutable"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
