"""One GET of HTTP/1.1 (RFC 9112), by hand: http.client bounds neither the time nor the bytes.

A single deadline holds for connecting, the handshake of TLS, sending and receiving together, so
that an answer that drips cannot stretch it. At most 4 KiB of an answer are read, head and all; no
redirect is followed; nobody's certificate is verified, since nothing secret is sent; and nothing is
sent to another machine.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass
from functools import cache

import aisec_daemon
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.socket import LISTEN

ANSWER_BYTES = 4096
USER_AGENT = f"aisec-daemon/{aisec_daemon.__version__} (exposure check by this node's own monitor)"

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?\n")
_LENGTH = re.compile(rb"(?i)\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_WANTS_TLS = re.compile(rb"\x15\x03|(?s:HTTP/1\.[01] 400 .*HTTPS (?:port|server))")


@dataclass(frozen=True)
class Target:
    """Where to ask: an address that belongs to this machine, its port, the link's interface."""

    address: str
    port: int
    link: int = 0

    @property
    def host(self) -> str:
        """The value of the header Host."""
        name = f"[{self.address}]" if ":" in self.address else self.address
        return f"{name}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """An answer as far as it was read: status 0 if it is no HTTP, `head` and `body` as bytes.

    `refused` says that TLS wants a certificate of who asks.
    """

    status: int
    head: bytes = b""
    body: bytes = b""
    refused: bool = False


def request(target: Target, path: str) -> bytes:
    """Return every byte that is sent."""
    return (
        f"GET {path} HTTP/1.1\r\n"
        f"Host: {target.host}\r\n"
        f"User-Agent: {USER_AGENT}\r\n"
        "Accept: application/json, text/plain;q=0.5, */*;q=0.1\r\n"
        "Accept-Encoding: identity\r\n"
        "Connection: close\r\n\r\n"
    ).encode("ascii")


def get(target: Target, path: str, deadline: float, *, tls: bool) -> tuple[Answer, bool]:
    """Ask until `deadline` (of time.monotonic); return the answer, and whether TLS was needed.

    Where the plain answer says that TLS is wanted, it is asked again so. OSError (TimeoutError) if
    nobody answers.
    """
    if not tls:
        try:
            raw = _exchange(target, path, deadline, tls=False)
        except (ConnectionResetError, BrokenPipeError):
            raw = b""  # Tornado hangs up so on whoever does not speak TLS
        if raw and not _WANTS_TLS.match(raw):
            return parse(raw), False
    try:
        return parse(_exchange(target, path, deadline, tls=True)), True
    except ssl.SSLError as error:
        if error.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
            return Answer(0, refused=True), True
        raise


def parse(raw: bytes) -> Answer:
    """Take an answer apart; one that is no HTTP has status 0."""
    status = _STATUS.match(raw)
    if status is None:
        return Answer(0)
    end = _END.search(raw)
    if end is None:
        return Answer(int(status[1]), raw)
    return Answer(int(status[1]), raw[: end.start()], raw[end.end() :])


def _exchange(target: Target, path: str, deadline: float, *, tls: bool) -> bytes:
    """Send the request and return what came, at most `ANSWER_BYTES`; OSError."""
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    place: tuple[str, int] | tuple[str, int, int, int] = (target.address, target.port)
    if target.link:
        place = (target.address, target.port, 0, target.link)
    plain = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        plain.settimeout(_left(deadline))
        plain.connect(place)
        _insist_on_here(plain)
        channel = _wrap(plain, deadline) if tls else plain
        try:
            channel.settimeout(_left(deadline))
            return _ask(channel, request(target, path), deadline)
        finally:
            channel.close()
    finally:
        plain.close()


def _ask(channel: socket.socket, question: bytes, deadline: float) -> bytes:
    """Send and receive; who hangs up while he is asked may have said why."""
    try:
        channel.sendall(question)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
        said = _receive(channel, deadline)
        if not said:
            raise
        return said
    return _receive(channel, deadline)


def _insist_on_here(connection: socket.socket) -> None:
    """Raise ConnectionError before a byte is sent, if the other end is not in this namespace.

    A rule of the packet filter may have turned the connection to another machine. Where the kernel
    has no sock_diag it cannot be told.
    """
    ends = connection.getpeername(), connection.getsockname()
    here, there = ((socket.inet_pton(connection.family, end[0]), end[1]) for end in ends)
    try:
        answered = diag.state(connection.family, here, there) != LISTEN
    except FileNotFoundError:
        answered = False
    except OSError:
        return
    if not answered:
        raise ConnectionError("somebody elsewhere answers at this address")


def _receive(channel: socket.socket, deadline: float) -> bytes:
    """Read until the answer is whole, cut, or over; what came before a deadline counts."""
    raw = b""
    while len(raw) < ANSWER_BYTES and not _whole(raw):
        try:
            channel.settimeout(_left(deadline))
            piece = channel.recv(ANSWER_BYTES - len(raw))
        except (TimeoutError, ConnectionResetError, ssl.SSLEOFError):
            if not raw:
                raise
            return raw
        if not piece:
            break
        raw += piece
    return raw


def _whole(raw: bytes) -> bool:
    """Say whether no more is to come, or no more is needed."""
    if raw and not b"HTTP/1.".startswith(raw[:7]):
        return True
    end = _END.search(raw)
    if end is None:
        return False
    length = _LENGTH.search(raw, 0, end.end())
    if length is not None:
        return len(raw) >= end.end() + int(length[1])
    return raw.endswith(_LAST_CHUNK)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline is over")
    return left


def _wrap(plain: socket.socket, deadline: float) -> ssl.SSLSocket:
    plain.settimeout(_left(deadline))
    return _context().wrap_socket(plain)


@cache
def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
