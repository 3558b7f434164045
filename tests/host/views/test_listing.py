"""Both listings of /proc."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.views import listing
from aisec_daemon.host.views.listing import list_raw, list_with_libc, parse_entries


def record(name: bytes, length: int = 0) -> bytes:
    length = length or (19 + len(name) + 1 + 7) // 8 * 8
    return (struct.pack("=QqHB", 1, 2, length, 4) + name + b"\0").ljust(length, b"\0")


def test_names_of_records():
    assert parse_entries(record(b"1") + record(b"self") + record(b"4711")) == [
        *(b"1", b"self", b"4711")
    ]


@pytest.mark.parametrize(
    "buffer", [b"short", record(b"1", 24)[:-1], struct.pack("=QqHB", 1, 2, 0, 4)]
)
def test_records_that_do_not_fit_are_refused(buffer):
    with pytest.raises(ValueError, match="getdents64"):
        parse_entries(buffer)


@given(st.binary(max_size=200))
def test_any_bytes_end(buffer):
    try:
        parse_entries(buffer)
    except ValueError:
        return


@pytest.mark.parametrize("list_pids", [list_with_libc, list_raw])
def test_we_are_listed(list_pids):
    assert os.getpid() in list_pids(Path("/proc"))


def test_a_folder_larger_than_one_call_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "_BUFFER_BYTES", 256)
    for pid in range(1, 300):
        (tmp_path / str(pid)).touch()
    (tmp_path / "self").touch()

    assert list_raw(tmp_path) == list_with_libc(tmp_path) == frozenset(range(1, 300))


@pytest.mark.parametrize("list_pids", [list_with_libc, list_raw])
def test_no_folder_is_an_error_never_empty(list_pids, tmp_path):
    with pytest.raises(FileNotFoundError):
        list_pids(tmp_path / "proc")


def test_an_unknown_architecture_is_said(monkeypatch):
    monkeypatch.setattr(listing.platform, "machine", lambda: "vax")
    with pytest.raises(OSError, match="vax"):
        list_raw(Path("/proc"))
