"""Hashes of executables: right, within a budget, and of the file as it is."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.program import digest as module
from aisec_daemon.host.program.digest import Digests
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import KEY, descriptors
from tests.host.program.test_programs import Gpus

CONTENT = bytes(range(256)) * 40


@contextmanager
def opened(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.fixture
def process(tmp_path):
    """The folder of a process, and the file that it runs."""
    (tmp_path / "exe").write_bytes(CONTENT)
    with opened(tmp_path) as directory:
        yield directory, tmp_path / "exe"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_it_is_what_sha256sum_says(process):
    directory, _ = process

    assert Digests().of(directory) == sha256(CONTENT)


def test_a_turn_reads_so_much_and_the_next_goes_on(process, monkeypatch):
    monkeypatch.setattr(module, "TURN_BYTES", 3000)
    directory, _ = process
    digests = Digests()
    told = []
    for _ in range(5):
        digests.turn()
        told.append(digests.of(directory))

    assert told == [None, None, None, sha256(CONTENT), sha256(CONTENT)]


def test_files_share_a_turn_and_one_file_is_read_once(process, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "TURN_BYTES", len(CONTENT) + 1)
    directory, file = process
    (tmp_path / "two").mkdir()
    os.link(file, tmp_path / "two" / "exe")
    digests = Digests()
    with opened(tmp_path / "two") as other:
        assert digests.of(directory) == digests.of(other) == sha256(CONTENT)
        file.write_bytes(b"new")
        assert digests.of(other) is None
        digests.turn()
        assert digests.of(other) == sha256(b"new")


def test_what_nobody_asks_for_any_more_is_let_go(process, monkeypatch):
    monkeypatch.setattr(module, "TURN_BYTES", 3000)
    directory, _ = process
    digests = Digests()
    digests.of(directory)
    digests.turn()
    digests.turn()

    assert digests._begun == digests._places == {}


def test_a_file_that_grows_while_it_is_read_has_no_hash(process, monkeypatch):
    monkeypatch.setattr(module, "TURN_BYTES", 3000)
    directory, _ = process
    digests = Digests()
    version = module._version
    monkeypatch.setattr(module, "_version", lambda descriptor: version(descriptor)._replace(size=9))

    assert [digests.turn() or digests.of(directory) for _ in range(4)] == [None] * 4


def test_what_is_too_large_or_not_there_is_an_error(process, monkeypatch, tmp_path):
    directory, _ = process
    monkeypatch.setattr(module, "LARGEST_BYTES", 5)
    with pytest.raises(OSError, match="too large"):
        Digests().of(directory)
    (tmp_path / "none").mkdir()
    with opened(tmp_path / "none") as empty, pytest.raises(FileNotFoundError):
        Digests().of(empty)


def test_a_running_program_is_hashed_even_if_its_file_is_gone(tmp_path):
    """Through /proc/PID/exe, and no descriptor stays."""
    copy = tmp_path / "worker"
    shutil.copy("/bin/sleep", copy)
    before = descriptors()
    with subprocess.Popen([copy, "60"]) as child:
        copy.unlink()
        processes = Processes(Path("/"), Tally(), KEY, connector=False)
        programs = Programs(Path("/"), Gpus(child.pid), processes, Tally())
        read = {p.identity.pid: p for p in programs.read()}
        subject = read[child.pid].identity.subject
        child.kill()
        processes.close()

        assert read[child.pid].image.digest == sha256(Path("/bin/sleep").read_bytes())
        assert programs.digest(subject) == read[child.pid].image.digest
        assert programs.digest("1:1") is None
    assert descriptors() == before
