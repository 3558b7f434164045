"""/proc/PID/maps."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.maps import parse_loaded, parse_maps, read_maps, slurp_maps

TEXT = b"""55d0-55d2 r--p 00000000 fe:00 260875                     /usr/bin/sleep
55d2-55d4 r-xp 00002000 fe:00 260875                     /usr/bin/sleep
7f00-7f01 rw-p 00000000 00:00 0
7f01-7f02 rw-s 00000000 00:05 7                          /memfd:a b (deleted)
7f02-7f03 r--p 00000000 fe:00 9                          /tmp/x\\012y (deleted)
7f03-7f04 rw-s 00000000 00:0e 12                         anon_inode:[perf_event]
7ffd-7ffe rw-p 00000000 00:00 0                          [stack]
"""


def test_files_are_told_once():
    assert parse_maps(TEXT) == {
        b"/usr/bin/sleep",
        b"/memfd:a b (deleted)",
        b"/tmp/x\\012y (deleted)",
    }


@given(st.binary())
def test_anything_is_paths_or_nothing(text):
    assert all(path.startswith(b"/") and path in text for path in parse_maps(text))


def folder(pid: object) -> int:
    return os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)


def test_a_process_shows_what_it_maps(tmp_path):
    file = tmp_path / "a\nb.so"
    file.write_bytes(b"x" * 4096)
    directory = folder("self")
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ):
            paths, size = read_maps(directory, 1 << 22)
    finally:
        os.close(directory)

    assert os.fsencode(str(file).replace("\n", "\\012")) in paths
    assert any(path.rpartition(b"/")[2].startswith(b"libc.so") for path in paths)
    assert size > 1000


def test_what_lies_behind_the_limit_is_left_out():
    directory = folder("self")
    try:
        whole, size = read_maps(directory, 1 << 22)
        part, read = read_maps(directory, 4096)
    finally:
        os.close(directory)

    assert 4096 <= read < size
    assert part < whole


def test_a_process_that_is_gone_is_an_error():
    pid = os.fork()
    if not pid:
        ctypes.CDLL(None).pause()
    directory = folder(pid)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    try:
        with pytest.raises(ProcessLookupError):
            read_maps(directory, 4096)
    finally:
        os.close(directory)
    assert not Path(f"/proc/{pid}").exists()


LINES = (
    b"55a0-55a1 r--p 00000000 fe:00 1 /usr/bin/app\n"
    b"7f0000000000-7f0000001000 r-xp 00000000 fe:00 2                    /usr/lib/libtorch.so\n"
    b"7f0000001000-7f0000002000 r--p 00000000 fe:00 3                    /srv/libcudart.so.12\n"
    b"7f0000002000-7f0000003000 rwxs 0000f000 103:02 4                   /a b/libx.so (deleted)\n"
    b"7f0000003000-7f0000004000 rw-p 00000000 00:00 0                    /home/r-xp/libnccl.so\n"
    b"7f0000004000-7f0000005000 r-xp 00000000 00:00 0                    [vdso]\n"
    b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0            [vsyscall]\n"
)


def test_only_what_may_be_executed_is_loaded():
    """A file manager that looks at a library maps none of it so."""
    loaded = parse_loaded(LINES)

    assert loaded == {b"/usr/lib/libtorch.so", b"/a b/libx.so (deleted)"}
    assert loaded < parse_maps(LINES)


def test_our_own_libraries_are_loaded():
    directory = folder("self")
    try:
        text, _ = slurp_maps("maps", 1 << 22, directory)
    finally:
        os.close(directory)
    loaded = parse_loaded(text)

    assert any(path.rpartition(b"/")[2].startswith(b"libc.so") for path in loaded)
    assert loaded < parse_maps(text)


@given(st.binary(max_size=400))
def test_any_text_has_only_lines_with_paths(text):
    assert all(path.startswith(b"/") and b"\n" not in path for path in parse_loaded(text))


@pytest.mark.parametrize("last", ["ffffffffff600000-ffffffffff601000 --xp 0 0:0 0 [vsyscall]", "x"])
def test_what_follows_a_piece_that_seems_to_be_the_last_is_read(tmp_path, monkeypatch, last):
    """A file may be called like the kernel's own page; only that page's address ends the maps."""
    called = f"7f00-7f01 r--p 00000000 fe:00 9  /tmp/ffffffffff600000-x {last}\n".encode()
    pieces = [called, b"7f02-7f03 r-xp 00000000 fe:00 9  /tmp/b\n"]
    (tmp_path / "maps").touch()
    left = [*pieces]
    monkeypatch.setattr(os, "read", lambda descriptor, size: left.pop(0) if left else b"")

    assert slurp_maps(str(tmp_path / "maps"), 1 << 20)[0] == b"".join(pieces)


def test_the_kernels_own_page_is_the_last(tmp_path, monkeypatch):
    pieces = [b"7f00-7f01 r-xp 00000000 fe:00 9  /tmp/a\n"]
    pieces += [b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0     [vsyscall]\n"]
    (tmp_path / "maps").touch()
    left = [*pieces]
    monkeypatch.setattr(os, "read", lambda descriptor, size: left.pop(0))  # fails beyond

    assert slurp_maps(str(tmp_path / "maps"), 1 << 20) == (b"".join(pieces), sum(map(len, pieces)))
