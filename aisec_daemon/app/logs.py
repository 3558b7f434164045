"""Logs: one line a message, on standard error, safe to read in a terminal."""

from __future__ import annotations

import logging
import os
import sys

from aisec_daemon.app.telling import printable

_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}  # sd-daemon(3)


class _Line(logging.Formatter):
    """Escapes whatever could move a terminal's cursor or forge a line: text may be hostile."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.exc_info is None:
            text = printable(text)
        if "JOURNAL_STREAM" in os.environ:
            return f"<{_PRIORITY.get(record.levelname, 6)}>{text}"
        return f"{record.levelname.lower():8} {text}"


def begin(level: str) -> None:
    """Send the daemon's log to standard error, which systemd forwards to its journal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    set_level(level)


def set_level(level: str) -> None:
    """Log what is at least this severe from now on."""
    logging.getLogger("aisec_daemon").setLevel(level.upper())
