"""What lies over processes."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.views.mounts import (
    hides,
    parse_covers,
    parse_hidepid,
    read_covers,
    read_hidepid,
)

LINES = """22 27 0:21 / /proc rw,relatime - proc proc rw,hidepid=invisible
40 22 0:35 / /proc/4711 rw,relatime shared:7 - tmpfs none rw
41 22 0:21 /1 /proc/66 rw - proc proc rw
42 22 0:35 /x\\040y /proc/67/cmdline rw - ext4 /dev/sda1 rw
43 22 0:35 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw
44 22 0:35 / /proc/12x rw - tmpfs none rw
45 22 0:35 / /host/proc/9 rw - tmpfs none rw
"""


def test_only_mounts_over_numbers_count():
    covers = [tuple(cover) for cover in parse_covers(LINES, "/proc")]

    assert covers == [
        (4711, "/proc/4711", "tmpfs /"),
        (66, "/proc/66", "proc /1"),
        (67, "/proc/67/cmdline", "ext4 /x\\040y"),
    ]


def test_below_another_root():
    assert [cover.pid for cover in parse_covers(LINES, "/host/proc")] == [9]


def test_blanks_of_other_scripts_in_a_source_are_no_escape():
    line = "41 22 0:21 /\u3000\x85 /proc/66 rw - ext4 /dev/sda1 rw\n"

    assert [cover.pid for cover in parse_covers(line, "/proc")] == [66]


def test_hidepid_of_the_last_mount_counts():
    assert parse_hidepid(LINES, "/proc") == "invisible"
    assert parse_hidepid(LINES + "9 1 0:1 / /proc rw - proc proc rw\n", "/proc") == ""
    assert [hides(value) for value in ("", "0", "1", "noaccess", "2", "ptraceable")] == [
        *(False, False, False, False, True, True)
    ]


def test_nothing_is_mounted_over_processes_here():
    assert read_covers(Path("/")) == []
    assert not hides(read_hidepid(Path("/")))


@given(st.text())
def test_any_text_is_survived(text):
    for cover in parse_covers(text, "/proc"):
        assert cover.place.isprintable()
    parse_hidepid(text, "/proc")
