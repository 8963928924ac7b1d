#!/bin/bash
# make fresh: the two commands in a new Debian 12 that has nothing but what `make deps` brings, and the package with its
# service in a second one that has nothing but systemd. Root only.
# STEPS="run test package" chooses; FRESH=dir keeps the chroots there (dir, dir.package) for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "需要 root / needs root" >&2; exit 1; }
if [ -z "${LN_FRESH_INSIDE:-}" ]; then # mounts of our own vanish with this process
    LN_FRESH_INSIDE=1 exec unshare --mount --mount-proc --pid --fork --kill-child "$0" "$@"
fi
mount --make-rprivate /
command -v debootstrap >/dev/null || packaging/deps.sh test
steps=${STEPS:-run test package}
root=${FRESH:-$(mktemp -d /var/tmp/fresh.XXXXXX)}
cleanup() {
    for m in proc dev/pts dev/shm dev sys; do mountpoint -q "$root/$m" && umount -l "$root/$m"; done
    [ -n "${FRESH:-}" ] || rm -rf --one-file-system "$root" "$root.package"
}
trap cleanup EXIT
# the mirror is the one this machine uses
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's/^URIs:[[:space:]]*([^ ]*debian)\/?$/\1/p; s/^deb (\[[^]]*\] )?([^ ]*debian)\/? .*/\2/p' | head -n 1 || true)
[ -n "$mirror" ] || { echo "找不到 Debian 镜像 / no Debian mirror in apt's sources" >&2; exit 1; }

debian() { # ROOT PACKAGES: a new Debian 12 with these, and the way to the mirror
    if [ ! -x "$1/usr/bin/apt-get" ]; then
        echo "建立 Debian 12 … / making a Debian 12 in $1"
        debootstrap --variant=minbase "--include=$2" bookworm "$1" "$mirror" >"$1.log" 2>&1 ||
            { tail -n 20 "$1.log" >&2; exit 1; }
    fi
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
    local f
    for f in $(cd / && ls etc/apt/apt.conf.d/*proxy* 2>/dev/null || true); do install -Dm644 "/$f" "$1/$f"; done
}
# a shell that was itself started in the background hands on an ignored SIGINT, which no trap can undo
within() { # ROOT COMMAND
    chroot "$1" env -i --default-signal=INT HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        ${https_proxy:+https_proxy="$https_proxy"} ${http_proxy:+http_proxy="$http_proxy"} \
        NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bash -c "$2"
}
ok=0
bad=0
verdict() { if [ "$2" = 0 ]; then ok=$((ok + 1)); echo "ok     $1"; else bad=$((bad + 1)); echo "FAILED $1"; fi; }
probe() { curl -fsS --max-time 5 -o /dev/null "http://127.0.0.1:$1/sync/v1/hello"; }

checkout() { # a clone of what is committed, in a system that can build nothing yet
    debian "$root" ca-certificates
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t sysfs -o ro sys "$root/sys"
    rm -rf "$root/src/linli"
    mkdir -p "$root/src"
    git clone -q --no-hardlinks . "$root/src/linli"
    # a bare system has no make: the one package needed before `make deps` can speak
    within "$root" 'command -v make >/dev/null || { apt-get -qq update && apt-get -qq -y --no-install-recommends install make git; } >/dev/null'
}

run_step() {
    local port=${PORT:-18690} pid p rc
    set -m # a process group of its own, as in a terminal
    within "$root" "cd /src/linli && exec make run PORT=$port" >"$root.run.log" 2>&1 &
    pid=$!
    set +m
    for _ in $(seq 900); do grep -q "127.0.0.1:$port" "$root.run.log" && break; kill -0 $pid 2>/dev/null || break; sleep 1; done
    for p in $port $((port + 1)) $((port + 2)); do rc=0; probe "$p" || rc=1; verdict "make run answers at $p" $rc; done
    rc=0
    kill "$(cat "$root/src/linli/build/run/district.pid")" || rc=1 # as README's tour does
    for _ in $(seq 30); do grep -q "西湖区 已停止" "$root.run.log" && break; sleep 1; done
    probe "$port" && probe $((port + 2)) && ! probe $((port + 1)) 2>/dev/null || rc=1
    verdict "the district stopped, the others go on" $rc
    rc=0
    kill -INT -- "-$pid" || rc=1 # nothing to stop is no stop
    for _ in $(seq 30); do kill -0 "$pid" 2>/dev/null || break; sleep 1; done
    if kill -0 "$pid" 2>/dev/null; then rc=1; fi
    for p in $port $((port + 1)) $((port + 2)); do if probe "$p" 2>/dev/null; then rc=1; fi; done
    verdict "Ctrl-C stops the nodes" $rc
    [ "$bad" = 0 ] || tail -n 30 "$root.run.log"
}

test_step() {
    local rc=0
    within "$root" "cd /src/linli && make test" >"$root.test.log" 2>&1 || rc=1
    tail -n 1 "$root.test.log"
    verdict "make test" $rc
    [ "$rc" = 0 ] || tail -n 60 "$root.test.log"
}

# What becomes pid 1 of the second system: its root is its own, as on a machine; it has no link but loopback.
boot() { # ROOT
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount -t tmpfs tmpfs "$1/run"
    mount --rbind /dev "$1/dev"
    mount -t sysfs sys "$1/sys"
    if ! mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup" 2>/dev/null || [ ! -s "$1/sys/fs/cgroup/cgroup.controllers" ]; then
        mount -t tmpfs tmpfs "$1/sys/fs/cgroup"
        mkdir -p "$1/sys/fs/cgroup/unified" "$1/sys/fs/cgroup/systemd"
        mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup/unified"
        mount -t cgroup -o none,name=systemd,xattr cgroup "$1/sys/fs/cgroup/systemd"
    fi
    ip link set lo up
    mkdir -p "$1/old"
    cd "$1"
    pivot_root . old
    exec chroot . bash -c 'umount -l /old; exec env -i container=chroot PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        /lib/systemd/systemd --system systemd.unit=multi-user.target'
}
export -f boot

package_step() {
    local second=$root.package pid one rc=0
    debian "$second" ca-certificates,systemd,systemd-sysv,dbus,curl
    make -s deb
    cp "$(ls -t build/linli_*.deb | head -n 1)" "$second/root/linli.deb"
    within "$second" 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install --reinstall /root/linli.deb' \
        >"$root.package.install.log" 2>&1 || rc=1
    verdict "apt installs the package" $rc
    rm -rf "$second/var/lib/linli/home"
    unshare --mount --pid --fork --kill-child --net --ipc --uts --cgroup bash -c "set -e; boot '$second'" >"$second.boot.log" 2>&1 &
    pid=$!
    booted() { nsenter -t "$1" --all --root --wd=/ env PATH=/usr/sbin:/usr/bin:/sbin:/bin timeout 60 bash -c "$2"; }
    for _ in $(seq 100); do
        one=$(tr -d " " 2>/dev/null <"/proc/$pid/task/$pid/children" || true)
        [ -n "$one" ] && booted "$one" 'systemctl is-active -q multi-user.target' 2>/dev/null && break
        sleep 0.3
    done
    rc=0
    booted "$one" 'runuser -u linli -- linli init --dir /var/lib/linli/home --region 330106005055 --role community --name 翠苑一区社区 --root >/dev/null &&
        systemctl enable -q --now linli@home && for i in $(seq 50); do curl -fsS --max-time 2 http://127.0.0.1:8080/sync/v1/hello >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1' \
        >"$second.service.log" 2>&1 || rc=1
    verdict "the hardened service starts a node" $rc
    [ "$rc" = 0 ] || { cat "$second.service.log"; booted "$one" 'systemctl --no-pager status linli@home; journalctl --no-pager -n 20' || true; }
    rc=0
    booted "$one" 'systemctl kill -s KILL linli@home; for i in $(seq 50); do sleep 0.2; curl -fsS --max-time 2 http://127.0.0.1:8080/sync/v1/hello >/dev/null 2>&1 && exit 0; done; exit 1' || rc=1
    verdict "killed, the service is started again" $rc
    rc=0
    booted "$one" 'systemctl stop linli@home && runuser -u linli -- linli verify --dir /var/lib/linli/home && apt-get -qq -y remove linli && test -d /var/lib/linli/home' \
        >"$second.service.log" 2>&1 || rc=1
    verdict "stopped it verifies; removing the package leaves the data" $rc
    [ "$rc" = 0 ] || cat "$second.service.log"
    kill -KILL "$one" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

case " $steps " in *" run "* | *" test "*) checkout ;; esac
for step in $steps; do "${step}_step"; done
echo "$ok passed, $bad failed"
[ "$bad" = 0 ]
