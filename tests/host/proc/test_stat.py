"""/proc/PID/stat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.stat import (
    Numbers,
    goes_on,
    numbers,
    parse_boot_time,
    parse_stat,
    split,
)

FIELDS = (
    b"S 7 1 1 0 -1 64 1 0 0 0 30 12 0 0 20 0 5 0 900 1 33 1 111 222" + b" 0" * 20 + b" 333 0 0 0 0"
)


@given(st.binary(max_size=40))
def test_a_name_may_hold_anything(name: bytes) -> None:
    """Parentheses, spaces and newlines in a name move no field."""
    stat = parse_stat(b"12 (" + name + b") " + FIELDS)

    assert (stat.name, stat.parent, stat.start_ticks, stat.dead) == (name, 7, 900, False)


def test_our_own_stat_is_understood() -> None:
    """The kernel writes what the parser expects."""
    stat = parse_stat(Path("/proc/self/stat").read_bytes())

    assert stat.parent == os.getppid()
    assert not stat.kernel_thread
    assert stat.start_ticks > 0


@pytest.mark.parametrize(
    ("changes", "goes"),
    [({}, True), ({0: b"Z"}, False), ({6: b"4"}, False), ({28: b"256"}, False), ({28: b"2"}, True)],
)
def test_a_thread_goes_on_until_it_has_ended_or_been_killed(
    changes: dict[int, bytes], goes: bool
) -> None:
    """A process that ends as a whole kills its threads; until they run they look alive."""
    fields = FIELDS.split()
    for place, word in changes.items():
        fields[place] = word

    assert goes_on(fields) is goes


@given(st.binary(max_size=80))
def test_what_is_no_stat_is_refused(line: bytes) -> None:
    """Too few fields are an error, not zeros."""
    with pytest.raises(ValueError, match="lacks fields"):
        parse_stat(line)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ((b"12 (a", b"12 (b"), True),
        ((b" 111 222", b" 112 222"), True),
        ((b" 333 ", b" 334 "), True),
        ((b" 900 ", b" 901 "), True),
        ((b" -1 64 ", b" -1 0 "), True),
        ((b" 30 12 ", b" 31 12 "), False),
        ((b"S 7 ", b"R 1 "), False),
    ],
)
def test_an_image_is_name_start_addresses_and_flag(
    change: tuple[bytes, bytes], differs: bool
) -> None:
    """What exec changes tells images apart; what running changes does not."""
    line = b"12 (a) " + FIELDS

    assert (parse_stat(line).image != parse_stat(line.replace(*change)).image) is differs


def test_a_kernel_thread_may_call_itself_anything() -> None:
    """Workers name themselves after their work; that is no new image."""
    line = b"12 (kworker/0:1-a) " + FIELDS.replace(b" 64 ", b" 2129984 ")

    assert parse_stat(line).image == parse_stat(line.replace(b"1-a", b"1-b")).image


def test_boot_time_is_a_line_of_its_own() -> None:
    """And a file without it is not one of 1970."""
    assert parse_boot_time(b"cpu 1\nbtime 17\nprocesses 3\n") == 17
    with pytest.raises(ValueError, match="btime"):
        parse_boot_time(b"cpu 1\nxbtime 17\n")


def test_fields_start_behind_the_name() -> None:
    """Field 3 of proc(5) is the first."""
    head, fields = split(b"12 (a b) " + FIELDS)

    assert (head, fields[0], fields[19]) == (b"12 (a b", b"S", b"900")
    assert numbers(fields) == Numbers(parent=7, ticks=42, threads=5, pages=33, virtual_bytes=1)
