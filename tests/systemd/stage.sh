#!/bin/sh
# stage.sh FOLDER CHECKOUT: in mounts of our own, lays a copy of this machine's root file system at
# FOLDER/root (changes stay in memory), the checkout at /src in it, and one cgroup tree; then waits.
set -eu
folder=$1 checkout=$2
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$folder"
mkdir "$folder/changes" "$folder/work" "$folder/root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/changes,workdir=$folder/work" overlay "$folder/root"
mkdir "$folder/root/src"
mount --bind -o ro "$checkout" "$folder/root/src"
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo staged
exec sleep infinity
