"""One request to one Alertmanager, by the standard library's HTTP client.

Each has a connection of its own: at one a minute that costs little, and names, certificates and
secrets are always those of now. Proxies of the environment are not used and redirects not followed:
credentials go where the settings say and nowhere else.
"""

from __future__ import annotations

import math
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Event, Timer
from time import monotonic

import aisec_daemon
from aisec_daemon.sinks.alerting.address import Address
from aisec_daemon.sinks.alerting.answer import Answer, Outcome
from aisec_daemon.sinks.alerting.credentials import CredentialError, Credentials, Secret
from aisec_daemon.sinks.alerting.failure import of_error, of_status
from aisec_daemon.sinks.alerting.tls import Contexts, Tls

_ANSWER_BYTES_MAX = 65536


class Poster:
    """Sends alerts to one address; `timeout` seconds are for everything from connect to answer."""

    def __init__(
        self, address: Address, credentials: Credentials, tls: Tls, timeout: float
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._contexts = Contexts(tls)
        self._server_name = tls.server_name or address.host
        self._timeout = timeout

    def __call__(self, body: bytes) -> Answer:
        """Send one body; whatever goes wrong is an answer too."""
        try:
            secret = self._credentials.read()
        except CredentialError as error:
            return Answer(Outcome.MISTAKE, "secret", str(error))
        try:
            context = self._contexts.current() if self._address.encrypted else None
        except OSError as error:
            return Answer(Outcome.MISTAKE, "tls_files", f"cannot use its TLS files: {error}")
        expired = Event()
        begun = monotonic()
        try:
            answer = self._exchange(context, secret, body, expired)
        except (OSError, HTTPException) as error:
            answer = of_error(error)
        if expired.is_set():  # whatever half an answer looked like
            answer = of_error(TimeoutError())
        return replace(answer, seconds=monotonic() - begun)

    def _exchange(
        self, context: ssl.SSLContext | None, secret: Secret | None, body: bytes, expired: Event
    ) -> Answer:
        address = self._address
        connection = HTTPConnection(address.host, address.port)
        open_socket = socket.create_connection((address.host, address.port), self._timeout)
        if context is not None:
            open_socket = context.wrap_socket(
                open_socket, server_hostname=self._server_name, do_handshake_on_connect=False
            )
        alarm = Timer(self._timeout, _cut, [open_socket, expired])
        alarm.daemon = True
        alarm.start()
        try:
            if isinstance(open_socket, ssl.SSLSocket):
                open_socket.do_handshake()
            connection.sock = open_socket
            return _converse(connection, address, secret, body)
        finally:
            alarm.cancel()
            connection.close()
            open_socket.close()


def _converse(
    connection: HTTPConnection, address: Address, secret: Secret | None, body: bytes
) -> Answer:
    """Send the request and read the answer."""
    headers = {
        "Host": address.header,
        "Content-Type": "application/json",
        "User-Agent": f"aisec-daemon/{aisec_daemon.__version__}",
        "Connection": "close",
    }
    if secret is not None:
        headers["Authorization"] = secret.header
    with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read all
        connection.request("POST", address.path, body, headers)
    with connection.getresponse() as response:
        text = response.read(_ANSWER_BYTES_MAX).decode("utf-8", "replace")
        text = secret.blotted(text) if secret else text
        kind = response.headers.get_content_type()
        return of_status(response.status, text, kind, _date(response))


def _date(response: HTTPResponse) -> float:
    """Return the time by the other's clock, NaN if it does not say."""
    try:
        return parsedate_to_datetime(response.getheader("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _cut(open_socket: socket.socket, expired: Event) -> None:
    """End a connection that another thread waits for: its reads and writes return at once."""
    expired.set()
    with suppress(OSError):
        socket.socket.shutdown(open_socket, socket.SHUT_RDWR)  # not TLS's own, which would wait
