"""Asking a journal, the daemon running or not."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from aisec_daemon.journal.opening import FILE, open_readable
from aisec_daemon.journal.reading import Acknowledgement, acknowledge

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BUSY_SECONDS = 10.0


class AskError(Exception):
    """The journal cannot answer; the message is one sentence."""


class MomentError(ValueError):
    """Text that is no time; the message says what would be one."""


@contextmanager
def asked(state: Path) -> Iterator[sqlite3.Connection]:
    """Open the journal in a state folder for reading."""
    file = state / FILE
    try:
        db = open_readable(file)
    except (OSError, sqlite3.Error) as error:
        raise AskError(f"{file} cannot be read: {error}") from None
    try:
        yield db
    except sqlite3.Error as error:
        raise AskError(f"{file} cannot be read: {error}") from None
    finally:
        db.close()


def note(state: Path, acknowledgement: Acknowledgement) -> None:
    """Write an acknowledgement into the journal, beside a daemon that runs."""
    file = state / FILE
    try:
        db = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=rw", _BUSY_SECONDS, isolation_level=None, uri=True
        )
        try:
            acknowledge(db, acknowledgement)
        finally:
            db.close()
    except (OSError, sqlite3.Error) as error:
        raise AskError(f"{file} cannot be written: {error}") from None


def moment(text: str, now: float, direction: int) -> float:
    """Return the instant that `2h`, `3d`, `2027-01-31` or `2027-01-31T12:00` means.

    A span counts from now, forward or backward; a time without a zone is UTC.
    """
    span = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if span:
        return now + direction * float(span[1]) * _UNITS[span[2]]
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise MomentError(f"{text!r} is no time: give 30m, 2h, 7d or 2027-01-31") from None
    return (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()


def clock(time: float) -> str:
    """Return an instant as people read it, UTC; a dash if there is none."""
    try:
        return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "-"
