#!/bin/bash
# make fresh: the two commands in a new Debian 12 that has nothing but what `make deps` brings. Root only.
# STEPS=run or STEPS=test does one of them; FRESH=dir keeps the chroot there for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "需要 root / needs root" >&2; exit 1; }
if [ -z "${LN_FRESH_INSIDE:-}" ]; then # mounts of our own vanish with this process
    LN_FRESH_INSIDE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi
mount --make-rprivate /
command -v debootstrap >/dev/null || packaging/deps.sh test
root=${FRESH:-$(mktemp -d /var/tmp/fresh.XXXXXX)}
cleanup() {
    for m in proc dev/pts dev/shm dev sys; do mountpoint -q "$root/$m" && umount -l "$root/$m"; done
    [ -n "${FRESH:-}" ] || rm -rf --one-file-system "$root"
}
trap cleanup EXIT
# the mirror is the one this machine uses
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's/^URIs:[[:space:]]*([^ ]*debian)\/?$/\1/p; s/^deb (\[[^]]*\] )?([^ ]*debian)\/? .*/\2/p' | head -n 1 || true)
[ -n "$mirror" ] || { echo "找不到 Debian 镜像 / no Debian mirror in apt's sources" >&2; exit 1; }
if [ ! -x "$root/usr/bin/apt-get" ]; then
    echo "建立 Debian 12 … / making a Debian 12 in $root"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
        { tail -n 20 "$root.log" >&2; exit 1; }
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
for f in $(cd / && ls etc/apt/apt.conf.d/*proxy* 2>/dev/null || true); do install -Dm644 "/$f" "$root/$f"; done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sys "$root/sys"
rm -rf "$root/src/linli"
mkdir -p "$root/src"
git clone -q --no-hardlinks . "$root/src/linli"
# a shell that was itself started in the background hands on an ignored SIGINT, which no trap can undo
inside() { chroot "$root" env -i --default-signal=INT HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    ${https_proxy:+https_proxy="$https_proxy"} ${http_proxy:+http_proxy="$http_proxy"} \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bash -c "cd /src/linli && $1"; }
# a bare system has no make: the one package needed before `make deps` can speak
inside 'command -v make >/dev/null || { apt-get -qq update && apt-get -qq -y --no-install-recommends install make git; } >/dev/null'

ok=0
bad=0
verdict() { if [ "$2" = 0 ]; then ok=$((ok + 1)); echo "ok     $1"; else bad=$((bad + 1)); echo "FAILED $1"; fi; }
probe() { curl -fsS --max-time 5 -o /dev/null "http://127.0.0.1:$1/sync/v1/hello"; }
port=${PORT:-18690}
if [ "${STEPS:-run}" != test ]; then
    set -m # a process group of its own, as in a terminal
    inside "exec make run PORT=$port" >"$root.run.log" 2>&1 &
    pid=$!
    set +m
    for _ in $(seq 900); do grep -q "127.0.0.1:$port" "$root.run.log" && break; kill -0 $pid 2>/dev/null || break; sleep 1; done
    for p in $port $((port + 1)) $((port + 2)); do rc=0; probe "$p" || rc=1; verdict "make run answers at $p" $rc; done
    rc=0
    kill -INT -- "-$pid" || rc=1 # nothing to stop is no stop
    for _ in $(seq 30); do kill -0 "$pid" 2>/dev/null || break; sleep 1; done
    if kill -0 "$pid" 2>/dev/null; then rc=1; fi
    for p in $port $((port + 1)) $((port + 2)); do if probe "$p" 2>/dev/null; then rc=1; fi; done
    verdict "Ctrl-C stops the nodes" $rc
    [ "$bad" = 0 ] || tail -n 30 "$root.run.log"
fi
if [ "${STEPS:-test}" != run ]; then
    rc=0
    inside "make test" >"$root.test.log" 2>&1 || rc=1
    tail -n 1 "$root.test.log"
    verdict "make test" $rc
    [ "$rc" = 0 ] || tail -n 60 "$root.test.log"
fi
echo "$ok passed, $bad failed"
[ "$bad" = 0 ]
