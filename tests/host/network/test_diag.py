"""sock_diag: the kernel's messages, true ones and torn ones."""

from __future__ import annotations

import math
import os
import socket
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.network import diag
from aisec_daemon.host.network.socket import ESTABLISHED, LISTEN

HEAD = struct.Struct("=IHHII")


def drain(datagram):
    """Return the messages of a datagram and whether it was the last."""
    reader, found = diag.messages(datagram), []
    try:
        while True:
            found.append(next(reader))
    except StopIteration as end:
        return found, end.value


def message(body=b"", kind=20):
    size = HEAD.size + len(body)
    return HEAD.pack(size, kind, 2, 1, 0) + body + bytes(-size % 4)


def body(info=b"", family=socket.AF_INET):
    """Return an inet_diag_msg with these bytes of tcp_info behind it."""
    fixed = struct.pack("=BBBB", family, 1, 0, 0) + struct.pack(">HH", 4000, 443)
    fixed += bytes([10, 0, 0, 1]) + bytes(12) + bytes([8, 8, 8, 8]) + bytes(12) + bytes(12)
    fixed += struct.pack("=IIIII", 0, 0, 0, 0, 77)
    attribute = struct.pack("=HH", 4 + len(info), 2) + info if info else b""
    return fixed + attribute


def info(size=232, **numbers):
    made = bytearray(size)
    places = {"sent_age": (44, "=I"), "received_age": (52, "=I"), "acked": (120, "=Q")}
    places |= {"received": (128, "=Q"), "sent": (200, "=Q"), "again": (208, "=Q")}
    for name, number in numbers.items():
        place, form = places[name]
        struct.pack_into(form, made, place, number)
    return bytes(made)


def test_counts_are_those_of_tcp_info():
    found = diag.parse(body(info(sent=5000, again=1000, received=70, sent_age=250, received_age=9)))

    assert (found.sent_bytes, found.received_bytes) == (4000, 70)
    assert (found.sent_age_seconds, found.received_age_seconds) == (0.25, 0.009)
    assert (str(found.local), found.local_port) == ("10.0.0.1", 4000)
    assert (str(found.peer), found.peer_port, found.inode) == ("8.8.8.8", 443, 77)
    assert found.grain == "tcp_info"


def test_a_kernel_that_tells_less_leaves_less_known():
    """Before 4.19 it counts what was acknowledged; before 4.1 nothing."""
    old = diag.parse(body(info(size=160, acked=31, received=2)))
    older = diag.parse(body(info(size=104)))
    none = diag.parse(body())

    assert (old.sent_bytes, old.received_bytes, old.grain) == (31, 2, "tcp_info")
    assert math.isnan(older.sent_bytes)
    assert math.isnan(older.received_bytes)
    assert (older.grain, none.grain) == ("proc", "proc")


def test_messages_end_with_the_kernels_word():
    assert drain(message(body()) + message(body())) == ([body(), body()], False)
    assert drain(message(body()) + message(bytes(4), kind=3)) == ([body()], True)


@pytest.mark.parametrize("kind", [2, 3])
def test_a_refusal_is_an_error(kind):
    with pytest.raises(PermissionError):
        drain(message(struct.pack("=i", -1) + bytes(16), kind=kind))


def test_an_answer_that_is_torn_is_an_error():
    """Never fewer sockets than there are."""
    with pytest.raises(OSError, match="cut off"):
        drain(message(body())[:-8])
    with pytest.raises(OSError, match="cut off"):
        drain(b"")


@given(st.binary(max_size=300))
def test_any_datagram_is_messages_or_an_error(datagram):
    with suppress(OSError):
        for each in drain(datagram)[0]:
            with suppress(ValueError):
                diag.parse(each)


@given(st.binary(max_size=200))
def test_any_message_is_a_socket_or_refused(text):
    with suppress(ValueError):
        found = diag.parse(text)
        assert not found.sent_bytes < -(2**64)


@given(st.binary(max_size=120))
def test_attributes_that_lie_about_their_size_are_survived(tail):
    assert diag.parse(body() + tail).inode == 77


def test_the_kernel_lists_our_sockets():
    with socket.create_server(("127.0.0.1", 0)) as server:
        inode, port = os.fstat(server.fileno()).st_ino, server.getsockname()[1]
        found = [diag.parse(each) for each in diag.dump() if diag.inode(each) == inode]

    assert [(each.local_port, each.state) for each in found] == [(port, 10)]


@pytest.mark.parametrize(
    ("family", "bound", "to"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET6, "::", "127.0.0.1"),
        (socket.AF_INET6, "::", "::1"),
    ],
)
def test_the_other_end_of_a_connection_is_found_or_somebody_else_listens(family, bound, to):
    both = family == socket.AF_INET6
    with (
        socket.create_server((bound, 0), family=family, dualstack_ipv6=both) as server,
        socket.create_connection((to, server.getsockname()[1])) as client,
    ):
        here, there = (
            (socket.inet_pton(client.family, end[0]), end[1])
            for end in (client.getpeername(), client.getsockname())
        )
        found = diag.state(client.family, here, there)
        other = diag.state(client.family, here, (there[0], 9))

    assert (found, other) == (ESTABLISHED, LISTEN)


def test_no_socket_at_all_is_said():
    nobody = socket.inet_aton("127.0.0.1"), 1
    with pytest.raises(FileNotFoundError):
        diag.state(socket.AF_INET, nobody, nobody)


def test_only_listening_sockets_are_told_where_only_they_are_wanted():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        found = [diag.parse(each) for each in diag.dump(states=diag.LISTENING)]
        ports = {each.local_port for each in found}

        assert {each.state for each in found} == {LISTEN}
        assert server.getsockname()[1] in ports
        assert client.getsockname()[1] not in ports
