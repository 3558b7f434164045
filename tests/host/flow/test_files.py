"""Open files of this very process, on the true file system."""

from __future__ import annotations

import mmap
import os
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from aisec_daemon.host.flow.files import Files
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.formats import large_bytes, mapped_data


@pytest.fixture
def read():
    """Read our own files of data below a folder, by name."""
    with closing(Processes(Path("/"), Tally(), bytes(32), connector=False)) as processes:
        us = processes.lookup(os.getpid())
        files = Files(Path("/proc"))

        def read_(folder, mapped=()):
            files.turn()
            listed = files.read(us, mapped)
            assert listed.unread == 0
            return {each.name: each for each in listed.files if each.target.place == str(folder)}

        yield read_


@contextmanager
def sparse(path, size):
    with path.open("w+b") as file:
        file.truncate(size)
        yield file


def test_a_file_of_a_common_ending_counts_if_it_is_large(tmp_path, read):
    with (
        sparse(tmp_path / "small.bin", 1000),
        sparse(tmp_path / "weights.bin", large_bytes()),
        sparse(tmp_path / "a.safetensors", 1000),
    ):
        found = read(tmp_path)

    assert {name: (each.size, each.direction) for name, each in found.items()} == {
        "weights.bin": (float(large_bytes()), 3),
        "a.safetensors": (1000.0, 3),
    }
    assert found["weights.bin"].target.storage.kind in ("local", "container", "memory")


def test_a_mapped_file_counts_after_it_was_closed(tmp_path, read):
    with sparse(tmp_path / "a.gguf", 8192) as file, mmap.mmap(file.fileno(), 0) as _mapping:
        file.close()
        mapped = mapped_data(Path("/proc/self/maps").read_bytes())
        found = read(tmp_path, mapped)

    assert (found["a.gguf"].size, found["a.gguf"].direction) == (8192.0, 3)


def test_mounts_of_more_namespaces_than_a_turn_may_read_are_unknown(tmp_path, monkeypatch):
    """Anybody may make a namespace with thousands of mounts."""
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    us = os.getpid()
    with (
        (tmp_path / "a.gguf").open("rb"),
        closing(Processes(Path("/"), Tally(), bytes(32), connector=False)) as processes,
    ):
        files = Files(Path("/proc"))
        kinds = []
        for left in (1, 0):
            monkeypatch.setattr("aisec_daemon.host.flow.files._TURN_MOUNTS_BYTES", left)
            files.turn()
            listed = files.read(processes.lookup(us), ())
            kinds += [each.target.storage.kind for each in listed.files if each.name == "a.gguf"]

    assert [bool(kind) for kind in kinds] == [True, False]


def test_who_bears_the_pid_now_is_not_asked(read):
    files = Files(Path("/proc"))
    files.turn()
    with closing(Processes(Path("/"), Tally(), bytes(32), connector=False)) as processes:
        us = processes.lookup(os.getpid())
    object.__setattr__(us, "start_ticks", 1)
    with pytest.raises(ProcessLookupError, match="another process"):
        files.read(us, ())
