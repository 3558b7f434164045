"""Connections: one request each, within a time and a size."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from aisec_daemon.app.web.protection import Protection
from aisec_daemon.app.web.request import HEAD_BYTES, Request, RequestError, parse_head
from aisec_daemon.app.web.response import Response
from aisec_daemon.app.web.site import PROBES, Site

if TYPE_CHECKING:
    import ssl

_CHUNK_BYTES = 65_536
_GRACE_SECONDS = 0.1  # by which the deadline of one call may be late
_DRAIN_SECONDS = 1.0
_DRAIN_BYTES = 1_048_576


class Connection:
    """One client. `serve` may block for `timeout` seconds in all; `cut` ends it from outside."""

    def __init__(
        self, plain: socket.socket, site: Site, protection: Protection, timeout: float
    ) -> None:
        self._socket = plain
        self._site = site
        self._protection = protection
        self._deadline = time.monotonic() + timeout
        self._granted = 0.0
        self._tls: ssl.SSLSocket | None = None
        if protection.context is not None:
            self._socket = self._tls = protection.context.wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False
            )

    def serve(self, warn: Callable[[str], None]) -> None:
        """Answer one request and close; a client that errs or lingers is cut without a word."""
        with suppress(OSError), self._socket:
            if not self._welcome():
                return
            try:
                request = parse_head(self._head())
                response = self._answer(request, warn)
                rest = request.has_body
            except RequestError as error:
                request, rest = Request("", ""), True
                response = Response.sentence(error.status, str(error))
            head_only = request.method == "HEAD"
            self._send(response.encode(self._protection.headers, head_only=head_only))
            if rest:
                self._drain()

    def cut(self) -> None:
        """Make any wait of `serve` end at once."""
        with suppress(OSError):
            # not the TLS socket's own: that would take its state away under the other thread
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _welcome(self) -> bool:
        """Do the TLS handshake; tell whether the certificate has an allowed name."""
        if self._tls is None:
            return True
        self._wait()
        self._tls.do_handshake()
        allowed = self._protection.allowed_sans
        if not allowed:
            return True
        from aisec_daemon.app.web.tls import names_of  # noqa: PLC0415 # only with TLS

        certificate = self._tls.getpeercert() or {}
        return not allowed.isdisjoint(names_of(dict(certificate)))

    def _head(self) -> bytes:
        """Read up to the empty line that ends a head."""
        data = bytearray()
        while (end := _end(data)) < 0:
            if len(data) > HEAD_BYTES:
                raise RequestError(431, f"the head of a request may have {HEAD_BYTES} bytes")
            self._wait()
            got = self._socket.recv(4096)
            if not got:
                raise ConnectionAbortedError
            data += got
        if end > HEAD_BYTES:
            raise RequestError(431, f"the head of a request may have {HEAD_BYTES} bytes")
        return bytes(data[:end])

    def _answer(self, request: Request, warn: Callable[[str], None]) -> Response:
        """Let those in who may come in, and answer."""
        passwords = self._protection.passwords
        if passwords is not None and request.path not in PROBES:
            from aisec_daemon.app.web.passwords import Entry  # noqa: PLC0415 # only with them

            entry = passwords.check(request.header("authorization"))
            if entry is Entry.BUSY:
                return Response.sentence(503, "too many passwords to check", Retry_After="2")
            if entry is Entry.REFUSED:
                ask = 'Basic realm="aisec-daemon"'
                return Response.sentence(401, WWW_Authenticate=ask)
        try:
            return self._site.answer(request)
        except Exception as error:  # a fault behind the site must not end unheard
            warn(f"the web server could not answer {request.path[:64]!r}: {error!r}")
            return Response.sentence(500)

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        most = len(view) if self._tls is None else _CHUNK_BYTES  # the kernel takes what it can
        while view:
            self._wait()
            view = view[self._socket.send(view[:most]) :]

    def _drain(self) -> None:
        """Read on for a moment: closing on unread bytes would take the answer back (RST)."""
        self._deadline = min(self._deadline, time.monotonic() + _DRAIN_SECONDS)
        socket.socket.shutdown(self._socket, socket.SHUT_WR)
        left = _DRAIN_BYTES
        while left > 0:
            self._wait()
            got = len(socket.socket.recv(self._socket, _CHUNK_BYTES))
            left = left - got if got else 0

    def _wait(self) -> None:
        """Let the next call block until the deadline, and no longer."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if not 0 <= self._granted - left <= _GRACE_SECONDS:  # each time costs a system call
            self._socket.settimeout(left)
            self._granted = left


def _end(data: bytearray) -> int:
    """Return where the empty line after a head begins, or -1."""
    ends = [end for mark in (b"\r\n\r\n", b"\n\n") if (end := data.find(mark)) >= 0]
    return min(ends, default=-1)
