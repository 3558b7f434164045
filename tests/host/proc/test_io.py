"""/proc/PID/io."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.io import parse_io


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_two_numbers_are_told(read, written):
    text = f"rchar: {read}\nwchar: {written}\nsyscr: 1\nread_bytes: 7\n".encode()

    assert parse_io(text) == (read, written)


@pytest.mark.parametrize("text", [b"", b"rchar: 1\n", b"rchar: -1\nwchar: 2\n", b"rchar: x\n"])
def test_what_lacks_one_is_refused(text):
    with pytest.raises(ValueError, match="lacks"):
        parse_io(text)


@given(st.binary())
def test_anything_is_numbers_or_refused(text):
    with suppress(ValueError):
        assert min(parse_io(text)) >= 0


def test_what_we_write_is_counted():
    before = parse_io(Path("/proc/self/io").read_bytes())
    with Path("/dev/null").open("wb", buffering=0) as sink:
        os.write(sink.fileno(), b"x" * 100_000)
    after = parse_io(Path("/proc/self/io").read_bytes())

    assert after[1] - before[1] >= 100_000
