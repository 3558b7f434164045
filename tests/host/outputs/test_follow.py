"""A file or pipe is followed through all that may happen to it."""

from __future__ import annotations

import os

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.outputs.follow import Follower


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "outputs.log"
    path.write_text("before\n")
    return path


@pytest.fixture
def follower(file):
    follower = Follower(file)
    assert follower.read() == []
    yield follower
    follower.close()


def append(path, text):
    with path.open("a") as stream:
        stream.write(text)


def test_only_what_is_appended_counts_and_a_line_only_when_it_ends(file, follower):
    append(file, "0.5\n0.")
    assert follower.read() == [b"0.5"]
    append(file, "7\n")

    assert follower.read() == [b"0.7"]
    assert follower.read() == []


def test_a_rotated_file_is_read_from_its_beginning(file, follower):
    file.rename(file.with_suffix(".old"))
    file.write_text("1\n2\n")

    assert follower.read() == [b"1", b"2"]


def test_a_file_that_is_cut_short_begins_anew(file, follower):
    append(file, "1\n2\n3\n")
    follower.read()
    file.write_text("9\n")

    assert follower.read() == [b"9"]


def test_a_pipe_is_read_whoever_writes_and_stops(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    follower = Follower(path)

    assert follower.read() == []
    for text in ("1\n", "2\n3\n"):
        with path.open("w") as writer:
            writer.write(text)
            writer.flush()
            assert follower.read() == text.encode().split()
    assert follower.read() == []
    follower.close()


def test_a_file_that_is_gone_is_unreadable_and_not_empty(file, follower):
    file.unlink()

    with pytest.raises(UnreadableError, match="cannot be followed"):
        follower.read()
    file.write_text("1\n")
    assert follower.read() == []  # nobody knows what of it is new


def test_what_is_neither_file_nor_pipe_is_refused(tmp_path):
    with pytest.raises(UnreadableError, match="neither a file nor a pipe"):
        Follower(tmp_path).read()


def test_a_line_without_an_end_is_given_up(file, follower):
    for _ in range(3):
        append(file, "x" * 50_000)
        assert follower.read() == []

    assert follower.broken_lines == 1
