"""What an HTTP status or an error means, in words."""

from __future__ import annotations

import os
import socket
import ssl
from http import HTTPStatus
from http.client import HTTPException

from aisec_daemon.sinks.alerting.answer import Answer, Outcome
from aisec_daemon.sinks.alerting.text import plain

_TEXT_MAX = 300
_MISTAKES = {
    HTTPStatus.UNAUTHORIZED: "it does not accept our user and password, or token",
    HTTPStatus.FORBIDDEN: "we may not send it alerts",
    HTTPStatus.NOT_FOUND: "there is no Alertmanager API v2 at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "there is no Alertmanager API v2 at this address",
}
_REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_ERRORS: tuple[tuple[type[Exception], str, str], ...] = (
    (TimeoutError, "timeout", "it does not answer in time"),
    (socket.gaierror, "name", "its name cannot be resolved"),
    (ConnectionRefusedError, "refused", "nothing listens there"),
    (ConnectionResetError, "connection", "it ends the connection without an answer"),
    (HTTPException, "protocol", "what answers there does not speak HTTP"),
)


def of_status(status: int, text: str, kind: str, date: float) -> Answer:
    """Judge an answer by its status; `text` is its body, without our secrets, `kind` its type.

    Only JSON is Alertmanager's own word about alerts: a proxy says 400 for other reasons.
    """
    code = str(status)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(Outcome.TAKEN, code, date=date)
    if status in _REFUSALS:
        outcome = Outcome.REFUSED if kind == "application/json" else Outcome.MISTAKE
        return Answer(outcome, code, f"HTTP {code}: {plain(text.strip(), _TEXT_MAX)}", date)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        sentence = f"HTTP {code}: it redirects, which is not followed: give the final address"
        return Answer(Outcome.MISTAKE, code, sentence, date)
    if status in _MISTAKES:
        return Answer(Outcome.MISTAKE, code, f"HTTP {code}: {_MISTAKES[HTTPStatus(status)]}", date)
    return Answer(Outcome.LATER, code, f"HTTP {code}", date)


def of_error(error: OSError | HTTPException) -> Answer:
    """Judge what was raised before there was an answer."""
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)
    for kind, code, sentence in _ERRORS:
        if isinstance(error, kind):
            return Answer(Outcome.LATER, code, sentence)
    why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it broke"
    return Answer(Outcome.LATER, "connection", f"connection: {why}")


def _of_tls(error: ssl.SSLError) -> Answer:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = plain(error.verify_message, _TEXT_MAX)
        return Answer(Outcome.MISTAKE, "certificate", f"its certificate is not trusted: {why}")
    why = plain(error.reason or "the connection ended", _TEXT_MAX)
    return Answer(Outcome.MISTAKE, "tls", f"TLS does not come about: {why}")
