"""Names that lead to an executable, and what its file holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.program import link
from aisec_daemon.host.program.link import holds, leads_to


@pytest.fixture
def container(tmp_path):
    """A process's folder whose root is a tree with the links of Debian's alternatives."""
    root = tmp_path / "tree"
    for folder in ("usr/bin", "etc/alternatives", "opt/mpi/bin"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin/orterun").write_text("program")
    (root / "usr/bin/mpirun.openmpi").symlink_to("orterun")
    (root / "etc/alternatives/mpirun").symlink_to("/usr/bin/mpirun.openmpi")
    (root / "usr/bin/mpirun").symlink_to("/etc/alternatives/mpirun")
    (root / "usr/bin/loop").symlink_to("loop")
    (root / "opt/mpi/bin/launch").symlink_to("../../../usr/bin/orterun")
    (tmp_path / "root").symlink_to("tree")
    directory = os.open(tmp_path, os.O_RDONLY)
    found = (root / "usr/bin/orterun").stat()
    yield directory, (found.st_dev, found.st_ino)
    os.close(directory)


def test_links_are_followed_below_the_process_own_root(container):
    """An absolute one too, which would lead elsewhere from here."""
    directory, identity = container

    assert leads_to(directory, b"mpirun", identity) is True
    assert leads_to(directory, b"orterun", identity) is True


def test_other_names_lead_nowhere(container):
    directory, identity = container

    assert leads_to(directory, b"nginx", identity) is False
    assert leads_to(directory, b"loop", identity) is False
    assert leads_to(directory, b"launch", identity) is False
    assert leads_to(directory, b"launch", identity, [b"/opt/mpi/bin"]) is True


def test_what_cannot_be_told_is_not_denied(container, monkeypatch):
    directory, identity = container

    assert leads_to(directory, b"nginx", None) is None

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(link, "_follow", refuse)
    assert leads_to(directory, b"nginx", identity) is None


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_any_name_is_survived(name):
    directory = os.open("/proc/self", os.O_RDONLY)
    try:
        assert leads_to(directory, name, (0, 0)) in (False, None)
    finally:
        os.close(directory)


def test_words_are_found_across_the_pieces_that_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(link, "_CHUNK_BYTES", 8)
    (tmp_path / "exe").write_bytes(b"x" * 13 + b"OPTIND" + b"y" * 40)
    directory = os.open(tmp_path, os.O_RDONLY)

    assert holds(directory, (b"PERL5LIB", b"OPTIND")) == (True, 24)
    assert holds(directory, (b"OPTINE",)) == (False, 59)
    monkeypatch.setattr(link, "_LIMIT_BYTES", 8)
    assert holds(directory, (b"OPTIND",)) == (None, 8)
    (tmp_path / "exe").unlink()
    assert holds(directory, (b"OPTIND",)) == (None, 0)
    os.close(directory)


def test_this_python_holds_a_word_of_pythons():
    from aisec_daemon.host.program.names import names  # noqa: PLC0415 - one test's own

    directory = os.open("/proc/self", os.O_RDONLY)
    library = any("libpython" in line for line in Path("/proc/self/maps").read_text().split("\n"))
    python = next(each for each in names().interpreters if each.name.fullmatch("python3"))
    found, _ = holds(directory, python.words)
    os.close(directory)

    assert found or library
