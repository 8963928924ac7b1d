#!/bin/bash
# Names and installs what Linli needs: deps.sh run (build and run) or deps.sh test (and the tests).
# A stamp holds the list it was last satisfied with; dpkg is asked again only when a package left.
set -euo pipefail
cd "$(dirname "$0")/.."

run="gcc make pkg-config libc6-dev binutils ca-certificates git curl procps
     libgit2-dev libsodium-dev libcivetweb-dev libsqlite3-dev libzstd-dev zlib1g-dev libjansson-dev
     libcurl4-openssl-dev libxlsxwriter-dev libminizip-dev libexpat1-dev libqrencode-dev nodejs npm"
test="clang libclang-rt-14-dev clang-tidy-14 clang-format-14 libcmocka-dev gcovr openssh-client age zstd jq sqlite3 libxml2-utils
      chromium fonts-noto-cjk unzip dpkg-dev debootstrap man-db iproute2 nftables fossil lintian libfaketime zip strace wrk nginx-light openssl libssl-dev
      gammu gammu-smsd"

want=$run
[ "${1:-run}" = test ] && want="$run $test"
missing=()
for p in $want; do
    case "$p" in # any Node from 18 on serves, from whatever package it came
    nodejs | npm) command -v "${p/nodejs/node}" >/dev/null && continue ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done

if [ ${#missing[@]} -gt 0 ]; then
    echo "安装所需的 Debian 软件包 / installing Debian packages: ${missing[*]}"
    sudo=
    if [ "$(id -u)" != 0 ]; then
        sudo=$(command -v sudo) || { echo "请用 root 或 sudo 运行 / run as root or install sudo" >&2; exit 1; }
    fi
    $sudo apt-get -qq update
    # tests use servers by hand: none is to start on this machine because it was installed (Debian policy 9.3.3)
    policy=
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        policy=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null && $sudo chmod 755 $policy
    fi
    rc=0
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null || rc=1
    [ -z "$policy" ] || $sudo rm -f "$policy"
    [ "$rc" = 0 ] || { echo "软件包安装失败 / packages could not be installed" >&2; exit 1; }
fi

# npm packages, from the pinned lock files; ui/ is installed by its own build rule
npm_ci() {
    [ -f "$1/package-lock.json" ] || return 0
    cmp -s "$1/package-lock.json" "$1/node_modules/.lock" && return 0
    echo "安装 $1 的 npm 软件包 / installing npm packages of $1"
    (cd "$1" && npm ci --no-audit --no-fund --prefer-offline --silent)
    cp "$1/package-lock.json" "$1/node_modules/.lock"
}
npm_ci ui
[ "${1:-run}" = test ] && npm_ci tests
exit 0
