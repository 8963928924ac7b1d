# The package: its files, its service, its man pages, judged by Debian's own tools.
. "$(dirname "$0")/lib.sh"
make -s deb >"$E2E/deb.log" 2>&1 || die "make deb: $(tail -n 3 "$E2E/deb.log")"
deb=$(ls -t build/linli_*.deb | head -n 1)
holds() { dpkg-deb -c "$deb" | awk '{ print $6 }' | grep -qx -- "$1"; }
ok "the package holds the program" holds ./usr/bin/linli
ok "the package holds the service" holds ./usr/lib/systemd/system/linli@.service
ok "the package holds both man pages" holds ./usr/share/man/zh_CN/man1/linli.1.gz
ok "the configuration is a conffile" bash -c "dpkg-deb -I '$deb' conffiles | grep -qx /etc/linli/node.conf"
ok "its dependencies name the libraries" bash -c "dpkg-deb -f '$deb' Depends | grep -q libsodium23"
dpkg-deb -x "$deb" "$E2E/root"
readelf -hdl "$E2E/root/usr/bin/linli" >"$E2E/elf"
hardened() { grep -q 'Type:.*DYN' "$E2E/elf" && grep -q GNU_RELRO "$E2E/elf" && grep -q BIND_NOW "$E2E/elf"; }
ok "program is position independent with full RELRO" hardened
exposure() { systemd-analyze security --offline=true "$1" 2>/dev/null | sed -nE 's/.*level for [^:]*: ([0-9.]+).*/\1/p'; }
low() { e=$(exposure packaging/linli@.service); echo "exposure $e"; awk -v e="$e" 'BEGIN { exit !(e != "" && e <= 1.5) }'; }
if command -v systemd-analyze >/dev/null; then ok "systemd scores the service 1.5 or better" low; fi
