"""Preloaded libraries, with true processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.maps import read_maps
from aisec_daemon.host.program.preload import foreign_preload, parse_environ, parse_preload_file

LIBRARY = next(Path("/usr/lib").glob("*/libdl.so.2"))


def test_one_variable_is_read_and_no_other():
    text = b"SECRET=a\0LD_PRELOAD=/tmp/a.so:b.so c.so\0X_LD_PRELOAD=/no\0LD_AUDIT=/d.so\0"

    assert parse_environ(text) == [b"/tmp/a.so", b"b.so", b"c.so", b"/d.so"]


@given(st.binary())
def test_any_environment_yields_words_without_separators(text):
    assert not any(set(word) & set(b"\0: \t\n") for word in parse_environ(text))


@given(st.binary())
def test_any_file_yields_words_without_separators(text):
    assert not any(set(word) & set(b": \t\n#") for word in parse_preload_file(text))


def test_a_comment_is_no_library():
    assert parse_preload_file(b"# /x.so\n/a.so /b.so # c\n") == [b"/a.so", b"/b.so"]


def preloaded_in(preload: str, executable: bytes = b"/bin/sleep") -> bytes:
    """Start a program with this LD_PRELOAD, and ask."""
    environment = {"LD_PRELOAD": preload, "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        directory = os.open(f"/proc/{process.pid}", os.O_RDONLY)
        try:
            return foreign_preload(directory, read_maps(directory, 1 << 22)[0], executable)
        finally:
            os.close(directory)
            process.kill()


@pytest.fixture
def library(tmp_path):
    return Path(shutil.copy(LIBRARY, tmp_path / "libhide.so"))


def test_a_library_from_elsewhere_is_told(library):
    assert preloaded_in(str(library)) == os.fsencode(library)


def test_a_link_to_it_is_told_by_what_it_leads_to(library, tmp_path):
    link = tmp_path / "libhide.so.1"
    link.symlink_to(library)

    assert preloaded_in(str(link)) == os.fsencode(library)


def test_a_library_of_the_system_is_not():
    assert preloaded_in(str(LIBRARY)) == b""


def test_what_was_not_loaded_is_not(tmp_path):
    (tmp_path / "libx.so").write_text("no library")

    assert preloaded_in(str(tmp_path / "libx.so")) == b""


def test_an_administrators_library_is_not(library, monkeypatch):
    """Root's, outside of places for everyone; what others may write is nobody's."""
    monkeypatch.setattr("aisec_daemon.host.program.preload.place", lambda path, gone: "other")
    library.chmod(0o777)

    assert preloaded_in(str(LIBRARY)) == b""
    assert preloaded_in(str(library)) == os.fsencode(library)
    assert preloaded_in(str(library), os.fsencode(library.parent / "bin/python")) == b""
