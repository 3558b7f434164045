"""/proc/PID/status."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.status import parse_uid


def test_the_effective_uid_counts() -> None:
    """Real, effective, saved, of the file system: in this order."""
    assert parse_uid(b"Name:\ta\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n") == 2
    assert parse_uid(Path("/proc/self/status").read_bytes()) == os.geteuid()


def test_a_name_cannot_pretend_to_be_a_line() -> None:
    """The kernel escapes newlines in names."""
    assert parse_uid(b"Name:\ta\\nUid:\t0\t0\t0\t0\nUid:\t7\t7\t7\t7\n") == 7


@given(st.binary(max_size=60))
def test_no_uid_is_an_error(text: bytes) -> None:
    """Nobody becomes root by being unreadable."""
    with pytest.raises(ValueError, match="Uid"):
        parse_uid(text)
