"""Syslog by RFC 5424: a socket of this machine, UDP (RFC 5426) or TCP (RFC 6587, by count)."""

from __future__ import annotations

import errno
import os
import re
import socket
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import urlsplit

from aisec_daemon.model import Change
from aisec_daemon.model.ocsf import Source, event
from aisec_daemon.sinks.targets.fitting import fit
from aisec_daemon.sinks.targets.journald import PRIORITIES

_AUTHPRIV = 10  # facility: security and authorisation messages
_INFORMATIONAL = 6
_TIMEOUT_SECONDS = 5.0
_PORTS = {"udp": 514, "tcp": 601}
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True)
class Address:
    """Where syslog is spoken: `scheme` is unix, udp or tcp; `path` is the socket's, or the host."""

    scheme: str
    path: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `/dev/log`, `udp://host:514` or `tcp://[::1]:601`; ValueError if it is none."""
        if text.startswith("/"):
            return cls("unix", text)
        parts = urlsplit(text)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"{text!r} is no address: give /dev/log, udp://host:514 or tcp://host")
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])


class Syslog:
    """Sends a change as one message, the event as its text.

    UDP and TCP do not confirm: what was on its way when the other side went down is lost.
    """

    def __init__(self, address: Address, source: Source, size_max_bytes: int) -> None:
        self._address = address
        self._source = source
        self._size_max_bytes = size_max_bytes
        self._socket: socket.socket | None = None
        self._framed = False

    def send(self, seq: int, change: Change) -> None:
        """Send one message; OSError if nobody takes it."""
        self._drop_dead()
        if self._socket is None:
            self._socket = self._connect()
        message = self._message(seq, change)
        if self._framed:
            message = f"{len(message)} ".encode() + message
        self._socket.sendall(message)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _message(self, seq: int, change: Change) -> bytes:
        head = header(change, self._source)
        room = self._size_max_bytes - len(head) - 1
        return f"{head} {fit(event(change, seq, self._source), room)}".encode("ascii")

    def _connect(self) -> socket.socket:
        address = self._address
        if address.scheme == "tcp":
            self._framed = True
            return socket.create_connection((address.path, address.port), _TIMEOUT_SECONDS)
        if address.scheme == "udp":
            found = socket.getaddrinfo(address.path, address.port, type=socket.SOCK_DGRAM)
            family, kind, _, _, where = found[0]
            return _connected(family, kind, where)
        try:
            return _connected(socket.AF_UNIX, socket.SOCK_DGRAM, address.path)
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:  # a socket of the other kind
                raise
            self._framed = True
            return _connected(socket.AF_UNIX, socket.SOCK_STREAM, address.path)

    def _drop_dead(self) -> None:
        """Let go of a stream whose other side has ended."""
        if self._socket is None or not self._framed:
            return
        self._socket.settimeout(0.0)
        try:
            ended = self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            ended = False
        except OSError:
            ended = True
        self._socket.settimeout(_TIMEOUT_SECONDS)
        if ended:
            self.close()


def header(change: Change, source: Source) -> str:
    """Return what stands before the text: priority, time, node, program, kind of message."""
    finding = change.finding
    severity = PRIORITIES[finding.severity] if change.what != "closed" else _INFORMATIONAL
    when = datetime.fromtimestamp(change.time, timezone.utc)
    stamp = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    node, rule = _word(source.node, 255), _word(finding.rule.name, 32)
    return f"<{8 * _AUTHPRIV + severity}>1 {stamp} {node} aisec-daemon {os.getpid()} {rule} -"


def _word(text: str, length: int) -> str:
    """Return text as a field of a header: printable, no spaces, never empty."""
    return _UNPRINTABLE.sub("_", text)[:length] or "-"


def _connected(family: int, kind: int, where: object) -> socket.socket:
    made = socket.socket(family, kind | socket.SOCK_CLOEXEC)
    try:
        made.settimeout(_TIMEOUT_SECONDS)
        made.connect(where)  # type: ignore[arg-type] # as the family has it
    except OSError:
        made.close()
        raise
    return made
