"""/proc/PID/fd."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.descriptors import (
    _protocol,
    holds_gpu,
    protocols,
    read_links,
    socket_inodes,
)
from tests.host.proc.tree import descriptors


def test_our_own_files_are_told(tmp_path):
    file = tmp_path / "x"
    before = descriptors()
    with file.open("w"), socket.socket() as opened:
        links = read_links("/proc/self/fd")
        inode = os.fstat(opened.fileno()).st_ino

    assert os.fsencode(file) in links
    assert inode in socket_inodes(links)
    assert not holds_gpu(links)
    assert descriptors() == before


def test_more_files_than_any_program_needs_are_not_all_followed(monkeypatch):
    monkeypatch.setattr("aisec_daemon.host.proc.descriptors.LINKS_MAX", 2)

    assert len(read_links("/proc/self/fd")) == 2


@pytest.mark.parametrize("node", ["nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-caps/nvidia-cap1"])
def test_a_node_of_the_driver_is_known(node):
    assert holds_gpu([b"/dev/null", b"/dev/" + node.encode()])


def test_other_files_are_no_nodes():
    assert not holds_gpu([b"/tmp/dev/nvidia0", b"/dev/null", b"socket:[1]"])


@given(st.lists(st.binary()))
def test_only_sockets_have_their_inodes_told(links):
    assert socket_inodes([*links, b"socket:[12]", b"socket:[x]", b"socket:[]"]) >= {12}


def test_protocols_are_the_kernels_words():
    kinds = {
        "tcp": (socket.AF_INET6, socket.SOCK_STREAM),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM),
        "netlink": (socket.AF_NETLINK, socket.SOCK_RAW),
    }
    before = descriptors()
    with ExitStack() as opened:
        sockets = {name: opened.enter_context(socket.socket(*kind)) for name, kind in kinds.items()}
        inodes = {os.fstat(each.fileno()).st_ino: name for name, each in sockets.items()}

        assert protocols("/proc/self/fd", [*inodes, 1]) == inodes
        assert protocols("/proc/self/fd", []) == {}
    assert descriptors() == before


@pytest.mark.parametrize("word", [b"X Y\0", b"\xff\0", b"", b"A\nB\0"])
def test_what_is_no_protocols_name_is_none(monkeypatch, word):
    monkeypatch.setattr("aisec_daemon.host.proc.descriptors.os.getxattr", lambda *_: word)
    with socket.socket() as opened:
        inode = os.fstat(opened.fileno()).st_ino

        assert protocols("/proc/self/fd", [inode]) == {inode: "other"}


def test_a_file_that_took_a_sockets_place_is_asked_nothing(tmp_path, monkeypatch):
    """It may lie on a file system that never answers."""

    def ask(*_):
        raise AssertionError("it was asked")

    monkeypatch.setattr("aisec_daemon.host.proc.descriptors.os.getxattr", ask)
    file = tmp_path / "x"
    file.touch()
    before = descriptors()

    assert _protocol(str(file), 7) == {}
    assert descriptors() == before


def test_a_kernel_that_does_not_tell_protocols(monkeypatch):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("aisec_daemon.host.proc.descriptors.os.getxattr", refuse)
    with socket.socket() as opened:
        inode = os.fstat(opened.fileno()).st_ino

        assert protocols("/proc/self/fd", [inode]) == {inode: ""}


def test_a_folder_that_is_gone_is_an_error():
    with pytest.raises(FileNotFoundError):
        read_links("/proc/4194305/fd")
