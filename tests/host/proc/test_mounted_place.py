"""/proc/PID/mountinfo: mounts behind paths, containers behind mounts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.cgroup import Placement
from aisec_daemon.host.proc.mounted_place import place_by_mounts
from aisec_daemon.host.proc.mountinfo import Mount, MountTree, parse_mountinfo

ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
LAYER = ID[::-1]
UID = "0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab"
OVERLAY = (
    f"900 800 0:70 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l/A:/l/B,"
    f"upperdir=/var/lib/docker/overlay2/{LAYER}/diff,workdir=/var/lib/docker/overlay2/{LAYER}/work"
)
CGROUP = "904 903 0:30 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate"


def bound(root, point, device="/dev/sda1"):
    return f"950 900 8:1 {root} {point} rw,relatime - ext4 {device} rw"


# What each runtime mounts into a container that sees "/" in /proc/PID/cgroup.
RUNTIMES = {
    "docker": (
        [OVERLAY, CGROUP, bound(f"/var/lib/docker/containers/{ID}/hostname", "/etc/hostname")],
        Placement(ID),
    ),
    "docker, data on a disk of its own": (
        [OVERLAY, bound(f"/containers/{ID}/resolv.conf", "/etc/resolv.conf")],
        Placement(ID),
    ),
    "podman": (
        [
            f"900 800 0:70 / / rw - overlay overlay rw,upperdir=/c/storage/overlay/{LAYER}/diff",
            bound(f"/c/storage/overlay-containers/{ID}/userdata/hostname", "/etc/hostname"),
        ],
        Placement(ID),
    ),
    "podman, rootless": (
        [
            bound(f"/user/1000/containers/overlay-containers/{ID}/userdata/hosts", "/etc/hosts"),
            "900 800 0:70 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw,user_id=0",
        ],
        Placement(ID),
    ),
    "containerd, in a pod": (
        [
            OVERLAY.replace("docker/overlay2", "containerd/snapshots").replace(LAYER, "91"),
            bound(
                f"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{ID}/hostname",
                "/etc/hostname",
            ),
            bound(f"/var/lib/kubelet/pods/{UID}/etc-hosts", "/etc/hosts"),
            bound(f"/var/lib/kubelet/pods/{UID}/containers/app/1f2e3d4c", "/dev/termination-log"),
        ],
        Placement(ID, UID),
    ),
    "cri-o, in a pod": (
        [
            bound(f"/c/storage/overlay-containers/{ID}/userdata/hostname", "/etc/hostname"),
            bound(f"/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~projected/t", "/run/secrets"),
        ],
        Placement(ID, UID),
    ),
    "the group's mount tells": (
        [f"904 903 0:30 /docker/{ID} /sys/fs/cgroup ro - cgroup2 cgroup rw", OVERLAY],
        Placement(ID),
    ),
    "the group's mount tells, version 1": (
        [f"904 903 0:30 /kubepods/burstable/pod{UID}/{ID} /sys/fs/cgroup/memory ro - cgroup c rw"],
        Placement(ID, UID, "burstable"),
    ),
    "only its layer is known": ([OVERLAY, CGROUP], Placement(LAYER)),
    "a reader of another one's log": (
        [bound(f"/var/lib/docker/containers/{ID}/{ID}-json.log", "/logs/app")],
        Placement(),
    ),
    "a plain host": (
        ["25 1 8:1 / / rw - ext4 /dev/sda1 rw", CGROUP, bound("/", "/var/lib/docker")],
        Placement(),
    ),
    "a host's own view of its containers": (
        [
            "25 1 8:1 / / rw - ext4 /dev/sda1 rw",
            OVERLAY.replace(" / / ", " / /var/lib/docker/overlay2/x/merged "),
        ],
        Placement(),
    ),
}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_container_is_known_by_what_its_runtime_mounts(runtime):
    lines, place = RUNTIMES[runtime]

    assert place_by_mounts(parse_mountinfo("\n".join(lines).encode())) == place


def test_our_own_mounts_are_understood():
    mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_bytes())

    assert MountTree(mounts).of(b"/proc/self/stat").kind == b"proc"
    assert all(mount.point.startswith(b"/") for mount in mounts)


def test_the_longest_mount_is_a_files_and_of_equals_the_last():
    mounts = parse_mountinfo(
        b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        b"2 1 0:5 / /data rw - nfs4 nas:/old rw\n"
        b"3 1 0:6 / /data rw - nfs4 nas:/export/data\\040sets rw,vers=4.2\n"
        b"4 1 0:7 / /data/tmp rw - tmpfs tmpfs rw\n"
    )
    sources = [
        MountTree(mounts).of(path).source
        for path in (b"/data/a", b"/data", b"/database/a", b"/data/tmp/x")
    ]

    assert sources == [b"nas:/export/data sets", b"nas:/export/data sets", b"/dev/sda1", b"tmpfs"]
    assert MountTree([]).of(b"/x") is None


def longest(mounts, path):
    """The slow twin: ask every mount."""
    best = None
    for mount in mounts:
        leads = mount.point in (b"/", path) or path.startswith(mount.point + b"/")
        if leads and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


POINTS = st.lists(st.sampled_from([b"a", b"b", b"ab"]), max_size=4).map(
    lambda names: b"/" + b"/".join(names)
)


@given(st.lists(POINTS, max_size=12), POINTS)
def test_a_mount_is_found_as_if_each_were_asked(points, path):
    mounts = [Mount(device=b"%d" % at, point=point) for at, point in enumerate(points)]

    assert MountTree(mounts).of(path) == longest(mounts, path)


@given(
    st.binary(max_size=300)
    | st.text("0123456789abcdef/-\\ :,=nsoverlayupperdircontainers\n").map(str.encode)
)
def test_any_text_gives_words(text):
    """Names of mounts are whoever's may mount."""
    place = place_by_mounts(parse_mountinfo(text))

    assert all(isinstance(word, str) and word.isprintable() for word in place)
