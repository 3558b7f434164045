"""One client and its limits."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aisec_daemon.app.web.connection import Connection
from aisec_daemon.app.web.protection import Protection
from aisec_daemon.app.web.site import Site
from aisec_daemon.model.exposition import Chunk, Family, Page


def talk(site: Site, sent: bytes, timeout: float = 5.0) -> tuple[bytes, list[str]]:
    """Send these bytes over a socket pair; return what came back and what was warned of."""
    ours, theirs = socket.socketpair()
    warnings: list[str] = []
    connection = Connection(theirs, site, Protection(), timeout)
    thread = threading.Thread(target=connection.serve, args=(warnings.append,))
    thread.start()
    with ours:
        ours.settimeout(5)
        ours.sendall(sent)
        received = b""
        while chunk := ours.recv(65_536):
            received += chunk
    thread.join(5)
    assert not thread.is_alive()
    return received, warnings


def test_a_request_is_answered_and_the_connection_closed(site: Site) -> None:
    """One request each."""
    received, _ = talk(site, b"GET /-/ready HTTP/1.1\r\nHost: h\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: close\r\n" in received
    assert received.endswith(b"\r\n\r\nready\n")


@pytest.mark.parametrize(
    ("sent", "first"),
    [
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000, b"HTTP/1.1 431 "),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 16_400 + b"\r\n\r\n", b"HTTP/1.1 431 "),
        (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789", b"HTTP/1.1 405 "),
        (b"GET / HTTP/1.0\n\n", b"HTTP/1.1 200 OK"),
    ],
)
def test_each_head_gets_its_status(site: Site, sent: bytes, first: bytes) -> None:
    """Whatever is left unread does not take the answer back."""
    received, warnings = talk(site, sent)

    assert received.startswith(first)
    assert warnings == []


def test_a_head_of_the_full_size_is_read(site: Site) -> None:
    """16 KiB, to the byte."""
    start = b"GET /-/ready HTTP/1.1\r\nX: "
    received, _ = talk(site, start + b"x" * (16_384 - len(start)) + b"\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_does_not_go_on_is_cut(site: Site) -> None:
    """Without an answer, once its time is up."""
    start = time.monotonic()
    received, _ = talk(site, b"GET / HTTP/1.1\r\n", timeout=0.2)

    assert received == b""
    assert 0.15 < time.monotonic() - start < 3


def test_dripping_bytes_buys_no_time(site: Site) -> None:
    """The time is for the whole head, not for each byte."""
    ours, theirs = socket.socketpair()
    connection = Connection(theirs, site, Protection(), 0.4)
    thread = threading.Thread(target=connection.serve, args=(pytest.fail,))
    thread.start()
    sent = 0
    with ours:
        while thread.is_alive() and sent < 100:
            try:
                ours.send(b"x")
            except OSError:
                break
            sent += 1
            thread.join(0.05)
    thread.join(3)

    assert sent < 50


def test_a_client_that_does_not_read_is_cut(site: Site) -> None:
    """A large page fills the socket; the thread does not wait forever."""
    family = Family("aisec_x_ratio", "gauge", "X.")
    page = Page("8", lambda: [Chunk(family, b"x" * 20_000_000)])
    large = replace(site, page=lambda: page)
    ours, theirs = socket.socketpair()
    connection = Connection(theirs, large, Protection(), 0.3)
    thread = threading.Thread(target=connection.serve, args=(pytest.fail,))
    thread.start()
    with ours:
        ours.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        thread.join(5)

        assert not thread.is_alive()


def test_a_fault_behind_the_site_is_answered_and_said(site: Site) -> None:
    """500, without a word of what it was to the client."""

    def fail() -> Any:
        raise LookupError("secret")

    received, warnings = talk(replace(site, page=fail), b"GET /metrics HTTP/1.1\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in received
    assert "secret" in warnings[0]


def test_a_tls_client_that_says_nothing_is_cut(site: Site, authority: Any) -> None:
    """The handshake is within the time, too."""
    issued = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.cert, issued.key)
    ours, theirs = socket.socketpair()
    connection = Connection(theirs, site, Protection(context), 0.2)
    thread = threading.Thread(target=connection.serve, args=(pytest.fail,))
    thread.start()
    with ours:
        thread.join(5)

        assert not thread.is_alive()


@pytest.mark.parametrize("wrap", [False, True])
def test_a_connection_can_be_cut(
    site: Site, authority: Any, trusting: Callable[..., ssl.SSLContext], wrap: bool
) -> None:
    """From another thread, in the middle of a wait."""
    issued = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.cert, issued.key)
    ours, theirs = socket.socketpair()
    connection = Connection(theirs, site, Protection(context if wrap else None), 30)
    thread = threading.Thread(target=connection.serve, args=(pytest.fail,))
    thread.start()
    if wrap:
        ours = trusting(authority).wrap_socket(ours, server_hostname="127.0.0.1")
    with ours:
        ours.sendall(b"GET ")
        connection.cut()
        thread.join(5)

        assert not thread.is_alive()
    connection.cut()
