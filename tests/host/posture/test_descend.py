"""Paths that others have laid."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager

import pytest

from aisec_daemon.host.posture.descend import enter, is_socket, look
from tests.host.proc.tree import descriptors


@contextmanager
def opened(folder):
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_what_lies_there_is_told(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("x")
    with opened(tmp_path) as root:
        assert look(root, b"/a/b/c").st_size == 1
        place = enter(root, b"a//b/.")
        assert os.stat(b".", dir_fd=place).st_ino == (tmp_path / "a/b").stat().st_ino
        os.close(place)


@pytest.mark.parametrize("path", [b"/link/c", b"/a/link/c"])
def test_no_link_is_followed(tmp_path, path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "a/b")
    (tmp_path / "a/link").symlink_to("b")
    with opened(tmp_path) as root, pytest.raises(NotADirectoryError):
        look(root, path)


@pytest.mark.parametrize("path", [b"/../../etc/x", b"/" + b"a/" * 100])
def test_paths_that_lead_up_or_are_long_are_refused(tmp_path, path):
    with opened(tmp_path) as root, pytest.raises(OSError, match="no plain path"):
        look(root, path)


def test_a_socket_is_told_from_what_is_called_like_one(tmp_path):
    with socket.socket(socket.AF_UNIX) as made, opened(tmp_path) as root:
        made.bind(str(tmp_path / "s"))
        (tmp_path / "f").write_text("")
        (tmp_path / "l").symlink_to("s")

        assert is_socket(root, b"/s")
        assert not any(is_socket(root, path) for path in (b"/f", b"/l", b"/gone", b"/s/x"))


def test_nothing_stays_open(tmp_path):
    before = descriptors()
    with opened(tmp_path) as root:
        for path in (b"/x", b"/", b"/x/y", b"/../z"):
            is_socket(root, path)

    assert descriptors() == before
