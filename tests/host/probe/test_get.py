"""One GET, of servers that mean no good."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aisec_daemon
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.socket import LISTEN
from aisec_daemon.host.probe.get import ANSWER_BYTES, Answer, Target, get, parse, request
from tests.host.probe.servers import certificate, page, serving


def ask(target, path="/api", seconds=1.0, *, tls=False):
    return get(target, path, time.monotonic() + seconds, tls=tls)


def test_every_byte_that_is_sent():
    """The page for operators shows it word for word."""
    assert request(Target("127.0.0.1", 8888), "/api") == (
        b"GET /api HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8888\r\n"
        b"User-Agent: aisec-daemon/" + aisec_daemon.__version__.encode() + b" (exposure check by "
        b"this node's own monitor)\r\n"
        b"Accept: application/json, text/plain;q=0.5, */*;q=0.1\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert b"\r\nHost: [::1]:80\r\n" in request(Target("::1", 80), "/")


def test_an_answer_is_read_whole_and_no_longer_waited_for():
    """Its length is known: a server that keeps the connection open costs no time."""
    ended = threading.Event()

    def answer(connection, _):
        connection.sendall(page(200, '{"version": "1"}', "Server: x"))
        ended.wait(3)

    with serving(answer) as server:
        begun = time.monotonic()
        answer, tls = ask(server.target)
        spent = time.monotonic() - begun
        ended.set()

    assert (answer.status, answer.body, tls) == (200, b'{"version": "1"}', False)
    assert b"\nServer: x" in answer.head
    assert spent < 0.5


def test_a_gigabyte_is_cut_after_four_kibibytes():
    sent = []

    def answer(connection, _):
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
            while sum(sent) < 1 << 30:
                sent.append(connection.send(bytes(65536)))

    with serving(answer) as server:
        answer, _ = ask(server.target)

    assert len(answer.head) + 4 + len(answer.body) == ANSWER_BYTES
    assert sum(sent) < 64 << 20  # what the kernel's buffers hold


def test_a_slow_drip_does_not_stretch_the_deadline():
    ended = threading.Event()

    def answer(connection, _):
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not ended.wait(0.3):
                connection.sendall(b"x")

    with serving(answer) as server:
        begun = time.monotonic()
        answer, _ = ask(server.target)
        spent = time.monotonic() - begun
        ended.set()

    assert spent == pytest.approx(1.0, abs=0.2)
    assert answer.status == 200
    assert 2 <= len(answer.body) <= 4


def test_a_connection_that_never_answers_ends_with_the_deadline():
    ended = threading.Event()
    with serving(lambda *_: ended.wait(3)) as server:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(server.target, seconds=0.4)
        spent = time.monotonic() - begun
        ended.set()

    assert spent == pytest.approx(0.4, abs=0.15)


def test_a_full_queue_of_connections_ends_with_the_deadline():
    """A listener that accepts nobody: the kernel drops whoever comes last."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(address)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(Target(*address), seconds=0.3)
        spent = time.monotonic() - begun
        for each in waiting:
            each.close()

    assert spent == pytest.approx(0.3, abs=0.15)


def test_a_redirect_is_an_answer_and_not_followed():
    with serving(lambda c, _: None) as other:

        def answer(connection, _):
            place = f"http://127.0.0.1:{other.target.port}/api"
            connection.sendall(page(302, "", f"Location: {place}"))

        with serving(answer) as server:
            answer, _ = ask(server.target)

        assert answer.status == 302
        assert (server.connections, other.connections) == (1, 0)


def test_a_flood_of_headers_is_cut():
    def answer(connection, _):
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1_000_000)

    with serving(answer) as server:
        answer, _ = ask(server.target)

    assert answer.status == 200
    assert len(answer.head) == ANSWER_BYTES
    assert answer.body == b""


def test_garbage_is_no_answer():
    with serving(lambda c, _: c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        answer, _ = ask(server.target)

    assert answer == Answer(0)


def test_a_listener_that_has_vanished_refuses():
    with serving(lambda *_: None) as server:
        target = server.target

    with pytest.raises(ConnectionRefusedError):
        ask(target)


@pytest.mark.parametrize("how", ["said", "alert", "silence", "reset"])
def test_tls_is_tried_where_the_plain_answer_asks_for_it(how, tmp_path):
    """nginx and Go say so in words, OpenSSL by an alert, Tornado hangs up; nothing is verified."""
    plain = {
        "said": page(400, "Client sent an HTTP request to an HTTPS server.\n"),
        "alert": b"\x15\x03\x01\x00\x02\x02\x46",
        "silence": b"",
        "reset": None,
    }[how]

    with serving(lambda c, _: c.sendall(page(200, "in")), certificate(tmp_path), plain) as server:
        first, tls = ask(server.target)
        second, _ = ask(server.target, tls=True)

    assert (first.body, second.body, tls) == (b"in", b"in", True)
    assert server.requests == [request(server.target, "/api")] * 2
    assert server.connections == 3


def test_who_wants_a_certificate_of_us_lets_nobody_in(tmp_path):
    context = certificate(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED

    with serving(lambda c, _: c.sendall(page(200, "in")), context) as server:
        answer, _ = ask(server.target, tls=True)

    assert answer == Answer(0, refused=True)


def test_a_handshake_that_drips_ends_with_the_deadline():
    ended = threading.Event()

    def answer(connection, _):
        with suppress(OSError):
            while not ended.wait(0.1):
                connection.sendall(b"\x16")

    with serving(answer) as server:
        begun = time.monotonic()
        with pytest.raises(OSError, match=r"timed out|wrong version|WRONG_VERSION|record"):
            ask(server.target, seconds=0.5, tls=True)
        spent = time.monotonic() - begun
        ended.set()

    assert spent < 0.8


@pytest.mark.parametrize("said", ["nobody", "another"])
def test_a_connection_that_ends_elsewhere_is_sent_nothing(said, monkeypatch):
    """As if the packet filter had turned it: the kernel knows no such other end here."""

    def state(*_):
        if said == "nobody":
            raise FileNotFoundError(2, "no such socket")
        return LISTEN

    monkeypatch.setattr(diag, "state", state)
    with serving(lambda c, _: c.sendall(page(200, ""))) as server:
        with pytest.raises(ConnectionError, match="elsewhere"):
            ask(server.target)
        monkeypatch.undo()
        time.sleep(0.05)

    assert server.requests in ([], [b""])


def test_a_kernel_that_cannot_tell_is_believed(monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(diag, "state", refuse)
    with serving(lambda c, _: c.sendall(page(200, "x"))) as server:
        assert ask(server.target)[0].body == b"x"


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda b: b"HTTP/1.1 200 OK\r\n" + b))
def test_any_bytes_are_an_answer(raw):
    answer = parse(raw)

    assert answer.status in {0, *range(100, 600)}
    assert len(answer.head) + len(answer.body) <= len(raw)
