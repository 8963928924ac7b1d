#!/bin/bash
# The first process of user-mode-linux: live.mjs there, with a disk and a kernel of its own. Without arguments, as
# init; UML_OUT, UML_SAVES and UML_PWD come from the kernel's command line.
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /mnt
mount -t tmpfs none /run
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
cd "$UML_PWD" || exit
for m in fs/fuse/fuse drivers/block/loop; do insmod "/usr/lib/uml/modules/$(uname -r)/kernel/$m.ko"; done
ip link set lo up
export TMPDIR=/mnt
node tests/torture/live.mjs "$UML_OUT" "$UML_SAVES" && touch "$UML_OUT/lived"
sync
echo o >/proc/sysrq-trigger
sleep 60
