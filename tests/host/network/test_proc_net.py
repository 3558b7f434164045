"""/proc/PID/net/tcp and tcp6."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.network.proc_net import parse_tcp
from aisec_daemon.host.network.socket import ESTABLISHED, LISTEN

HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def test_our_own_sockets_are_there():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        found = parse_tcp(Path("/proc/self/net/tcp").read_bytes())
        port, peer = client.getsockname()[1], server.getsockname()[1]

    assert (ESTABLISHED, "127.0.0.1", peer) in {
        (s.state, str(s.peer), s.peer_port) for s in found if s.local_port == port
    }
    assert LISTEN in {s.state for s in found if s.local_port == peer}


def test_an_address_of_the_new_kind_is_understood():
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as server,
        socket.create_connection(server.getsockname()[:2]),
    ):
        found = parse_tcp(Path("/proc/self/net/tcp6").read_bytes())
        port = server.getsockname()[1]

    assert {str(s.local) for s in found if s.local_port == port} == {"::1"}


def test_an_old_address_in_the_clothes_of_a_new_one_is_an_old_one():
    line = b"0: 0000000000000000FFFF0000040200C0:01BB 0000000000000000FFFF000008080808:115C 01 "
    (found,) = parse_tcp(HEAD + line + b"0:0 0:0 0 0 0 77 1\n")

    assert (found.local, found.peer) == (ip_address("192.0.2.4"), ip_address("8.8.8.8"))
    assert (found.inode, found.local_port, found.peer_port) == (77, 443, 4444)


def test_a_socket_of_nobody_is_left_out():
    line = b"0: 0100007F:1F90 0100007F:A001 06 0:0 0:0 0 0 0 0 3\n"

    assert parse_tcp(HEAD + line) == []


@pytest.mark.parametrize(
    "text", [b"", b"x\n", HEAD + b"0: 1\n", HEAD + b"0: 01:1 02:2 1 a b c d e 7\n"]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(ValueError, match=r"tcp (lacks|has)|invalid literal|not match"):
        parse_tcp(text)


@given(st.binary())
def test_anything_is_sockets_or_refused(text):
    with suppress(ValueError):
        assert all(s.inode > 0 for s in parse_tcp(HEAD + text))
