"""Credentials in /proc/PID/status, true ones and made ones."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.posture.status import parse_status

TEXT = b"""Name:\tpython
Umask:\t0022
Uid:\t1000\t0\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
CapInh:\t0000000000000000
CapPrm:\t00000000a80425fb
CapEff:\t0000000000000400
CapBnd:\t000001ffffffffff
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
"""


def test_everything_that_it_tells():
    status = parse_status(TEXT)

    assert status == ((1000, 0, 1000, 1000), 0x400, 0xA80425FB, 0x1FFFFFFFFFF, True, "filter")


def test_our_own_is_told_whole():
    assert None not in parse_status(Path("/proc/self/status").read_bytes())


def test_what_is_missing_is_unknown():
    """Old kernels lack lines; a file that was cut lacks more."""
    assert parse_status(b"Name:\tx\nUid:\t0\t0\t0\t0\n")[1:] == (None,) * 5
    assert parse_status(b"") == (None,) * 6


def test_a_name_that_looks_like_a_line_is_not_believed():
    """The kernel writes its newlines as two characters."""
    text = b"Name:\tx\\nCapEff:\\t0\nSeccomp:\t0\n" + TEXT.partition(b"\n")[2]

    assert parse_status(b"Name:\tUid:\t0\t0\t0\t0\n").uids is None
    assert parse_status(text).effective == 0x400


def test_power_grows_with_what_a_process_may_do():
    root = parse_status(TEXT.replace(b"Uid:\t1000\t0", b"Uid:\t0\t0"))
    more = parse_status(TEXT.replace(b"0000000000000400", b"000001ffffffffff"))
    free = parse_status(TEXT.replace(b"NoNewPrivs:\t1", b"NoNewPrivs:\t0"))

    assert min(more.power, free.power) > parse_status(TEXT).power
    assert root.power >= parse_status(TEXT).power
    assert parse_status(b"").power == (0, 0, 0, 0)


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(text):
    status = parse_status(text)

    assert status.seccomp in (None, "off", "strict", "filter")


@given(st.lists(st.sampled_from(TEXT.splitlines()), max_size=20))
def test_lines_in_any_order_tell_the_same(lines):
    status = parse_status(b"\n".join([*lines, b""]))

    assert status.bounding in (None, 0x1FFFFFFFFFF)
    assert (status.no_new_privileges is None) == (b"NoNewPrivs:\t1" not in lines)
