"""mountinfo: what the kernel writes, and what others make it write."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc import mountinfo
from aisec_daemon.host.proc.mountinfo import Mount, at, parse_mountinfo, read_mounts, unescape

OVERLAY = (
    rb"1234 1100 0:55 / / rw,relatime master:2 - overlay overlay "
    rb"rw,lowerdir=/var/lib/l1:/var/lib/l2,upperdir=/u,workdir=/w"
)


def test_a_containers_root():
    (mount,) = parse_mountinfo(OVERLAY)

    options = b"rw,lowerdir=/var/lib/l1:/var/lib/l2,upperdir=/u,workdir=/w"
    assert mount == Mount(
        b"0:55", kind=b"overlay", source=b"overlay", options=options, read_only=False
    )


@pytest.mark.parametrize(
    "line",
    [
        rb"1 2 8:1 / / ro,relatime - ext4 /dev/sda1 rw",
        rb"1 2 8:1 / / rw,relatime shared:1 master:2 - squashfs /dev/loop0 ro,errors=continue",
    ],
)
def test_read_only_as_a_mount_or_as_a_file_system(line):
    assert parse_mountinfo(line)[0].read_only


def test_ro_in_a_word_is_not_read_only():
    line = rb"1 2 8:1 / /proc rw,errors=remount-ro - ext4 /dev/root rw,errors=remount-ro"

    assert not parse_mountinfo(line)[0].read_only


def test_paths_are_as_they_were_before_the_kernel_escaped_them():
    r"""A folder may be called " - tmpfs x ro"; its spaces come as \040."""
    line = rb"1 2 8:1 /a\040b /x\040-\040tmpfs\040x\040ro\134\012 rw - ext4 /dev/sda1 rw"
    (mount,) = parse_mountinfo(line)

    assert mount.root == b"/a b"
    assert mount.point == b"/x - tmpfs x ro\\\n"
    assert (mount.kind, mount.read_only) == (b"ext4", False)


def test_the_last_mount_at_a_place_covers_the_others():
    mounts = parse_mountinfo(OVERLAY + b"\n" + OVERLAY.replace(b"rw,relatime", b"ro,relatime"))

    assert at(mounts, b"/").read_only
    assert at(mounts, b"/etc") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(text):
    assert all(len(mount) == 5 for mount in parse_mountinfo(text))


@given(st.binary(max_size=60))
def test_an_escaped_path_comes_back(path):
    escaped = b"".join(b"\\%03o" % c if c in b" \t\n\\" else bytes((c,)) for c in path)

    assert unescape(escaped) == path


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "mountinfo").write_bytes(text)
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            return read_mounts(descriptor)
        finally:
            os.close(descriptor)

    return read


def test_ten_megabytes_are_read_to_a_limit_and_said_to_be_more(read):
    line = b"1 2 8:1 /%s /mnt/%s rw - ext4 /dev/sda1 rw\n" % (b"a" * 50, b"b" * 50)
    begun = time.thread_time()
    (mounts, whole), size = read(line * (10_000_000 // len(line)))

    assert not whole
    assert size <= mountinfo.MOUNTINFO_BYTES + (1 << 18)
    assert len(mounts) == pytest.approx(mountinfo.MOUNTINFO_BYTES / len(line), rel=0.1)
    assert mounts[-1] == mounts[0]  # the line that was cut is left out
    assert time.thread_time() - begun < 5


def test_our_own_is_read_whole(read):
    text = Path("/proc/self/mountinfo").read_bytes()
    (mounts, whole), size = read(text)

    assert (whole, size) == (True, len(text))
    assert len(mounts) == len(text.splitlines())
