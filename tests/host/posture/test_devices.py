"""Device nodes, by their numbers, within bounds."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aisec_daemon.host.posture import devices as module
from aisec_daemon.host.posture.devices import Devices, look_at, mounted, parse_majors
from aisec_daemon.host.proc.mountinfo import parse_mountinfo
from tests.host.proc.tree import descriptors

MAJORS = parse_majors(
    b"Character devices:\n  1 mem\n195 nvidia\n235 nvidia-caps\n236 vfio\n\n"
    b"Block devices:\n235 sd\n"
)
C, B = stat.S_IFCHR, stat.S_IFBLK
LOCAL = parse_mountinfo(b"1 2 0:55 / / rw - overlay o rw\n2 1 0:60 / /dev rw - tmpfs tmpfs rw")


def test_names_of_majors_are_those_of_character_devices():
    assert MAJORS == {1: "mem", 195: "nvidia", 235: "nvidia-caps", 236: "vfio"}
    assert parse_majors(b"") == parse_majors(b"garbage\n\xff \x00\n1\n") == {}


@pytest.mark.parametrize(
    ("kind", "major", "minor", "word"),
    [
        (C, 1, 1, "mem"),
        (C, 1, 2, "kmem"),
        (C, 1, 4, "port"),
        (C, 1, 11, "kmsg"),
        (C, 10, 229, "fuse"),
        (C, 10, 232, "kvm"),
        (C, 10, 200, "tun"),
        (C, 21, 3, "scsi"),
        (C, 13, 64, "input"),
        (C, 235, 1, "mig"),
        (C, 236, 0, "vfio"),
        (B, 8, 0, "block"),
        (B, 259, 3, "block"),
        (B, 7, 0, ""),
        (C, 1, 3, ""),
        (C, 5, 2, ""),
        (stat.S_IFREG, 8, 0, ""),
    ],
)
def test_a_node_is_what_its_number_says(kind, major, minor, word):
    seen = Devices()
    seen.add(kind | 0o666, os.makedev(major, minor), MAJORS)

    assert seen.kinds == ({word} if word else set())
    assert not seen.gpus


def test_gpus_are_counted_without_their_control_nodes():
    seen = Devices()
    for minor in (0, 1, 7, 254, 255):
        seen.add(C, os.makedev(195, minor), MAJORS)

    assert seen.gpus == {0, 1, 7}
    assert not seen.kinds


def look(folder, mounts=LOCAL):
    seen = Devices()
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        look_at(descriptor, mounts, MAJORS, seen)
    finally:
        os.close(descriptor)
    return seen


def test_our_own_nodes_are_all_seen():
    expected = Devices()
    for folder in ("/dev", "/dev/net", "/dev/mapper", "/dev/vfio", "/dev/input", "/dev/dri"):
        for path in Path(folder).iterdir() if Path(folder).is_dir() else ():
            found = path.lstat()
            expected.add(found.st_mode, found.st_rdev, MAJORS)
    seen = look("/proc/self")

    assert seen == expected
    assert seen.whole


@pytest.mark.parametrize("kind", ["fuse.sshfs", "nfs4", "9p", "fuse", "cifs"])
@pytest.mark.parametrize("point", ["/", "/dev"])
def test_file_systems_of_others_are_not_asked(kind, point, monkeypatch):
    """They may never answer; then nothing is known, and nothing is opened."""
    opened = []
    monkeypatch.setattr(module.os, "open", lambda *_, **__: opened.append(1))
    line = f"9 9 0:99 / {point} rw - {kind} x rw".encode()
    seen = Devices()
    look_at(-1, [*LOCAL, *parse_mountinfo(line)], MAJORS, seen)

    assert not seen.whole
    assert opened == []


def test_a_node_that_others_have_mounted_is_passed_over(tmp_path, monkeypatch):
    """A file of FUSE over /dev/x would answer stat, or not."""
    (tmp_path / "root/dev/net").mkdir(parents=True)
    for name in ("root/dev/x", "root/dev/y", "root/dev/net/z"):
        (tmp_path / name).touch()
    asked, real = [], os.stat
    monkeypatch.setattr(module.os, "stat", lambda n, **m: asked.append(n) or real(n, **m))
    away = b"9 9 0:99 / /dev/x rw - fuse x rw\n9 9 0:98 / /dev/net rw - nfs4 x rw"
    look(tmp_path, [*LOCAL, *parse_mountinfo(away)])

    assert "y" in asked
    assert not {"x", "z"} & set(asked)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "root/dev").mkdir(parents=True)
    (tmp_path / "root/dev/null").symlink_to("/dev/kmsg")
    (tmp_path / "root/dev/net").symlink_to("/dev")
    seen = look(tmp_path)

    assert seen.kinds == set()
    assert not seen.whole  # who knows what is behind the folder


def test_a_dev_that_is_a_link_is_unknown(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root/dev").symlink_to("/dev")

    assert not look(tmp_path).whole


def test_a_folder_of_millions_is_looked_at_to_a_limit(tmp_path, monkeypatch):
    (tmp_path / "root/dev").mkdir(parents=True)
    for number in range(30):
        (tmp_path / f"root/dev/{number}").touch()
    monkeypatch.setattr(module, "ENTRIES_MAX", 10)

    assert not look(tmp_path).whole


def test_a_process_without_a_root_is_unknown(tmp_path):
    assert not look(tmp_path).whole


def test_nothing_stays_open(tmp_path):
    before = descriptors()
    (tmp_path / "root/dev").mkdir(parents=True)
    (tmp_path / "root/dev/net").symlink_to("/dev")
    look(tmp_path)
    look("/proc/self")

    assert descriptors() == before


def test_nodes_that_are_mounted_one_by_one():
    """As rootless podman does; only the host's own devtmpfs is believed."""
    lines = b"\n".join(
        b"1 2 %s %s /dev/x rw - %s udev rw" % each
        for each in (
            (b"0:6", b"/nvidia0", b"devtmpfs"),
            (b"0:6", b"/nvidia3", b"devtmpfs"),
            (b"0:6", b"/nvidiactl", b"devtmpfs"),
            (b"0:6", b"/null", b"devtmpfs"),
            (b"0:6", b"/nvme0n1p2", b"devtmpfs"),
            (b"0:6", b"/net/tun", b"devtmpfs"),
            (b"0:9", b"/nvidia7", b"tmpfs"),
            (b"0:9", b"/sda", b"tmpfs"),
        )
    )
    seen = Devices()
    mounted(parse_mountinfo(lines), seen)

    assert (seen.gpus, seen.kinds) == ({0, 3}, {"block", "tun"})
