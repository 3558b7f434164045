#!/bin/sh
# first_namespace.sh ROOT: systemd's user manager, run by root in the first pid namespace, with ROOT
# as its root. It makes the same sandbox of a unit as PID 1 does, down to User= and capabilities.
set -eu
root=$1
for folder in proc sys dev tmp; do mount --rbind "/$folder" "$root/$folder"; done
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mkdir -p "$root/run/systemd/system" "$root/run/user-manager" "$root/run/systemd/inaccessible"
# What PID 1 would make for ProtectHome= and the like.
(cd "$root/run/systemd/inaccessible" && mkdir -m 000 dir && : >reg && chmod 000 reg && mkfifo -m 000 fifo && mknod -m 000 chr c 0 0 && mknod -m 000 blk b 0 0)
export XDG_RUNTIME_DIR=/run/user-manager XDG_CONFIG_HOME=/run/user-manager/config SYSTEMD_IGNORE_CHROOT=1
exec chroot "$root" /usr/lib/systemd/systemd --user --unit=basic.target
