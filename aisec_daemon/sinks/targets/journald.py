"""systemd's journal, by its native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket

from aisec_daemon.model import Change, Severity
from aisec_daemon.model.ocsf import Source, event, line

SOCKET = "/run/systemd/journal/socket"
MESSAGE_ID = "a9d2f6c1b7c84d0e9d6b5a1f3c5e7402"
"""Marks our entries: `journalctl MESSAGE_ID=…`."""

PRIORITIES = {Severity.INFO: 6, Severity.WARNING: 4, Severity.HIGH: 3, Severity.CRITICAL: 2}
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class Journald:
    """Sends a change as one structured entry, the whole event in its field AISEC_EVENT."""

    def __init__(self, source: Source, path: str = SOCKET) -> None:
        self._source = source
        self._path = path
        self._socket: socket.socket | None = None

    def send(self, seq: int, change: Change) -> None:
        """Send one entry; OSError if the journal does not take it."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.settimeout(5.0)
            self._socket.connect(self._path)
        message = b"".join(
            _field(name, text) for name, text in fields(seq, change, self._source).items()
        )
        try:
            self._socket.send(message)
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                raise
            _send_file(self._socket, message)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def fields(seq: int, change: Change, source: Source) -> dict[str, str]:
    """Return an entry's fields; a name is ours, a value may be any text."""
    finding = change.finding
    severity = finding.severity
    told = change.what != "closed"
    return {
        "MESSAGE": f"finding {finding.id} {change.what} {severity.word} {finding.rule.name}: "
        f"{finding.reason}",
        "PRIORITY": str(PRIORITIES[severity] if told else 6),
        "SYSLOG_IDENTIFIER": "aisec-daemon",
        "MESSAGE_ID": MESSAGE_ID,
        "AISEC_FINDING": finding.id,
        "AISEC_CHANGE": change.what,
        "AISEC_RULE": finding.rule.name,
        "AISEC_SEVERITY": severity.word,
        "AISEC_TECHNIQUE": finding.rule.technique,
        "AISEC_USER": finding.labels.get("user", ""),
        "AISEC_EVENT": line(event(change, seq, source)),
    }


def _field(name: str, text: str) -> bytes:
    """Return a field with its length, so that no text can begin another."""
    value = text.encode("utf-8", "backslashreplace")
    return name.encode("ascii") + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def _send_file(way: socket.socket, message: bytes) -> None:
    """Send an entry that is too large for a datagram: in a sealed file in memory."""
    file = os.memfd_create("aisec-event", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(file), "wb") as stream:
            stream.write(message)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
        rights = array.array("i", [file])
        way.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    finally:
        os.close(file)
