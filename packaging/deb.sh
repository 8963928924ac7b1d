#!/bin/bash
# make deb: build/linli_<version>_<arch>.deb from `make install`.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${VERSION:-0.1.0}
arch=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
make -s install DESTDIR="$root" PREFIX=/usr
strip --strip-unneeded "$root/usr/bin/linli"
gzip -9n "$root/usr/share/man/man1/linli.1" "$root/usr/share/man/zh_CN/man1/linli.1"
rm -f "$root/usr/share/doc/linli/LICENSE" # the text stands in /usr/share/common-licenses
cat >"$root/usr/share/doc/linli/copyright" <<'C'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: linli

Files: *
Copyright: The Linli authors
License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.
C
printf 'linli (%s) bookworm; urgency=medium\n\n  * Built from the checkout.\n\n -- Linli <linli@localhost>  %s\n' \
    "$version" "$(date -uR -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}")" |
    gzip -9n >"$root/usr/share/doc/linli/changelog.gz"
install -Dm644 packaging/node.conf "$root/etc/linli/node.conf"
mkdir -p "$root/DEBIAN"
# the libraries' own packages say which of their versions serve
mkdir -p "$root/debian" && : >"$root/debian/control"
depends=$(cd "$root" && dpkg-shlibdeps -O -e usr/bin/linli 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
rm -rf "$root/debian"
[ -n "$depends" ] || { echo "dpkg-shlibdeps 没有给出依赖 / found no dependencies" >&2; exit 1; }
cat >"$root/DEBIAN/control" <<C
Package: linli
Version: $version
Architecture: $arch
Maintainer: Linli <linli@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends, adduser, ca-certificates
Recommends: git
Suggests: nginx, avahi-daemon, age, zstd, gammu-smsd
Section: net
Priority: optional
Description: offline-first sync node for neighbourhoods (Linli)
 A small box in each community keeps its registry, notices and tickets, works
 through any outage, and passes signed change logs to district and province.
 One program is every node of the tree.
C
echo /etc/linli/node.conf >"$root/DEBIAN/conffiles"
install -m755 packaging/postinst packaging/prerm packaging/postrm "$root/DEBIAN/"
mkdir -p build
dpkg-deb --root-owner-group -Zxz --build "$root" "build/linli_${version}_$arch.deb"
