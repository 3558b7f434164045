"""Which of the host's folders and sockets a container has, by its mounts and the host's."""

from __future__ import annotations

import pytest

from aisec_daemon.host.posture.host_paths import HostPaths, sensitive, sockets
from aisec_daemon.host.proc.mountinfo import parse_mountinfo

HOST = rb"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:2 / /var rw,relatime shared:2 - xfs /dev/sda2 rw
24 22 0:21 / /proc rw - proc proc rw
25 22 0:22 / /sys rw - sysfs sysfs rw
26 22 0:6 / /dev rw - devtmpfs udev rw
27 26 0:23 / /dev/shm rw - tmpfs tmpfs rw
28 22 0:25 / /run rw - tmpfs tmpfs rw
29 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
30 23 0:55 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw
31 23 8:2 /lib/kubelet/pods/1/vol /var/lib/kubelet/pods/1/sub rw - xfs /dev/sda2 rw
"""

DOCKER = rb"""
900 800 0:55 / / rw - overlay overlay rw
901 900 0:60 / /proc rw - proc proc rw
902 900 0:61 / /dev rw - tmpfs tmpfs rw
903 902 0:62 / /dev/shm rw - tmpfs shm rw
904 900 0:63 / /sys ro - sysfs sysfs ro
905 904 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw
906 900 8:2 /lib/docker/containers/abc/hosts /etc/hosts rw - xfs /dev/sda2 rw
907 900 8:1 /usr/lib/x86_64-linux-gnu/libcuda.so.580 /usr/lib/libcuda.so.580 ro - ext4 /dev/sda1 rw
908 902 0:6 /nvidia0 /dev/nvidia0 rw - devtmpfs udev rw
909 900 0:60 /sys /proc/sys ro - proc proc rw
"""


def found(lines, own_pids=True):
    mounts = parse_mountinfo(DOCKER + lines)
    return sensitive(mounts, HostPaths(parse_mountinfo(HOST)), own_pids=own_pids)


def test_an_ordinary_container_has_none():
    assert found(b"") == set()


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (rb"1 2 8:1 / /host ro - ext4 /dev/sda1 rw", "/"),
        (rb"1 2 8:1 /etc /somewhere\040else rw - ext4 /dev/sda1 rw", "/etc"),
        (rb"1 2 8:1 /root /data ro - ext4 /dev/sda1 rw", "/root"),
        (rb"1 2 8:1 /home/bob/.ssh /keys ro - ext4 /dev/sda1 rw", "~/.ssh"),
        (rb"1 2 8:2 / /v rw - xfs /dev/sda2 rw", "/var"),
        (rb"1 2 8:2 /lib/kubelet /k rw - xfs /dev/sda2 rw", "/var/lib/kubelet"),
        (rb"1 2 0:25 / /var/run rw - tmpfs tmpfs rw", "/run"),
        (rb"1 2 0:6 / /dev rw - devtmpfs udev rw", "/dev"),
        (rb"1 2 0:23 / /dev/shm rw - tmpfs tmpfs rw", "/dev/shm"),
        (rb"1 2 0:21 / /host/proc rw - proc proc rw", "/proc"),
        (rb"1 2 0:22 / /sys rw - sysfs sysfs rw", "/sys"),
        (rb"1 2 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "/sys/fs/cgroup"),
    ],
)
def test_sensitive_ones_wherever_they_are_mounted(line, path):
    assert found(line) == {path}


@pytest.mark.parametrize(
    "line",
    [
        rb"1 2 8:1 /data/etc /etc rw - ext4 /dev/sda1 rw",  # another folder called so
        rb"1 2 8:9 /etc /etc rw - ext4 /dev/sdb1 rw",  # of a disk that the host has not mounted
        rb"1 2 0:21 / /host/proc ro - proc proc rw",
        rb"1 2 0:22 / /sys ro - sysfs sysfs rw",
        rb"1 2 8:2 /lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/x /x rw - xfs /dev/sda2 rw",
        rb"1 2 0:70 / /dev/shm rw - tmpfs tmpfs rw",  # an emptyDir in memory
        rb"1 2 8:1 /home/bob/a.ssh /keys ro - ext4 /dev/sda1 rw",
        rb"1 2 8:1 /etcetera /etc rw - ext4 /dev/sda1 rw",
    ],
)
def test_what_only_looks_so(line):
    assert found(line) == set()


def test_a_procfs_is_the_hosts_where_the_pids_are():
    """Of a container with the host's pids nobody mounted anything of the host."""
    line = rb"1 2 0:21 / /proc rw - proc proc rw"

    assert found(line, own_pids=False) == set()
    assert found(line, own_pids=True) == {"/proc"}


def test_file_systems_with_a_root_of_their_own():
    """btrfs shows a subvolume as the host's root."""
    host = HostPaths(
        parse_mountinfo(
            b"1 0 0:30 /@ / rw - btrfs /dev/sda rw\n2 1 0:30 /@var /var rw - btrfs /dev/sda rw"
        )
    )
    mounts = parse_mountinfo(
        b"1 2 0:30 /@/etc /a rw - btrfs x rw\n1 2 0:30 /@var/lib/kubelet /b rw - btrfs x rw"
    )

    assert sensitive(mounts, host, own_pids=True) == {"/etc", "/var/lib/kubelet"}


def test_thousands_of_volumes_do_not_hide_the_root():
    volumes = b"".join(
        b"1 2 8:1 /pods/%d /var/lib/kubelet/pods/%d rw - ext4 x rw\n" % (n, n) for n in range(5000)
    )
    host = HostPaths(parse_mountinfo(volumes + HOST))
    mounts = parse_mountinfo(b"1 2 8:1 /etc /e rw - ext4 x rw")

    assert sensitive(mounts, host, own_pids=True) == {"/etc"}


def reached(line, there=()):
    mounts = parse_mountinfo(DOCKER + line)
    return sockets(mounts, HostPaths(parse_mountinfo(HOST)), lambda path: path in there)


@pytest.mark.parametrize(
    ("line", "runtime"),
    [
        (rb"1 2 0:25 /docker.sock /var/run/docker.sock rw - tmpfs tmpfs rw", "docker"),
        (rb"1 2 0:25 /docker.sock /tmp/.x rw - tmpfs tmpfs rw", "docker"),
        (rb"1 2 0:25 /containerd/containerd.sock /c ro - tmpfs tmpfs rw", "containerd"),
        (rb"1 2 0:25 /k3s/containerd/containerd.sock /c rw - tmpfs tmpfs rw", "containerd"),
        (rb"1 2 0:25 /crio/crio.sock /c rw - tmpfs tmpfs rw", "crio"),
        (rb"1 2 0:25 /user/1000/podman/podman.sock /p rw - tmpfs tmpfs rw", "podman"),
        (rb"1 2 0:99 /docker.sock /d rw - tmpfs tmpfs rw", "docker"),
    ],
)
def test_sockets_that_are_mounted_under_any_name(line, runtime):
    assert reached(line) == {runtime}


def test_sockets_in_folders_that_are_mounted():
    line = rb"1 2 0:25 / /host/run rw - tmpfs tmpfs rw"

    assert reached(line) == set()
    assert reached(line, {b"/run/docker.sock", b"/run/crio/crio.sock"}) == {"docker", "crio"}
    assert reached(b"1 2 8:1 / /h rw - ext4 x rw", {b"/run/docker.sock"}) == {"docker"}


def test_an_ordinary_container_reaches_none():
    assert reached(b"", {b"/run/docker.sock"}) == set()
