"""Approved rows: one file a table in `STATE/approved`, written by people, read by the daemon.

A file is JSON that can be read, compared and carried to other nodes: who approved when and why, and
of each row its words. Numbers are not approved.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TypeAlias

from aisec_daemon.app import catalogue
from aisec_daemon.app.state import replace_file
from aisec_daemon.model import Snapshot, Table
from aisec_daemon.model.snapshot import Word

_LOG = logging.getLogger(__name__)
_MARK, _VERSION = "aisec_approved", 1
_LOOK_SECONDS = 10.0
_MOST_BYTES = 64 << 20


_Row: TypeAlias = tuple[dict[str, float], dict[str, Word]]


class ApprovalError(Exception):
    """A file that cannot be used; the message says why."""


@dataclass(frozen=True)
class Approval:
    """Rows of one table, and who approved them when and why."""

    rows: Snapshot
    time: float
    who: str
    reason: str


def place(state: Path, table: str) -> Path:
    """Return where the approved rows of a table are kept."""
    return state / "approved" / f"{table}.json"


def write(state: Path, approval: Approval) -> Path:
    """Write a table's approved rows, in place of those before; OSError."""
    rows = approval.rows
    content = {
        _MARK: _VERSION,
        "table": rows.table.name,
        "time": approval.time,
        "who": approval.who,
        "reason": approval.reason,
        "rows": {
            subject: {name: rows.labels[name][at] for name in rows.table.label_names}
            for at, subject in enumerate(rows.subjects)
        },
    }
    file = place(state, rows.table.name)
    file.parent.mkdir(mode=0o750, exist_ok=True)
    replace_file(file, (json.dumps(content, indent=1) + "\n").encode("ascii"))
    if os.geteuid() == 0:  # who asked is root, who reads it is the daemon's user
        owner = state.stat()
        for made in (file.parent, file):
            os.chown(made, owner.st_uid, owner.st_gid)
    return file


def read(file: Path, table: Table) -> Approval:
    """Read a table's approved rows; FileNotFoundError if nothing is, ApprovalError if unusable."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ApprovalError(f"{file} cannot be read: {error.strerror}") from error
    try:
        if len(raw) > _MOST_BYTES:
            raise ApprovalError(f"{file} is larger than {_MOST_BYTES} bytes")
        content = json.loads(raw)
        if content[_MARK] != _VERSION or content["table"] != table.name:
            raise ApprovalError(f"{file} is not of table {table.name} in version {_VERSION}")
        time = float(content["time"])
        rows: dict[str, _Row] = {
            str(subject): ({}, _words(words)) for subject, words in content["rows"].items()
        }
        who, reason = str(content["who"]), str(content["reason"])
        return Approval(Snapshot.from_rows(table, time, rows), time, who, reason)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ApprovalError(f"{file} holds no approved rows: {error!r}") from error


def find(state: Path, table: Table) -> Snapshot | None:
    """Return a table's approved rows, None while there are none; ApprovalError if unusable."""
    try:
        return read(place(state, table.name), table).rows
    except FileNotFoundError:
        return None


def _words(words: Mapping[str, object]) -> dict[str, Word]:
    """Return a row's words; TypeError if one is something else."""
    for name, word in words.items():
        if not isinstance(word, str | None):
            raise TypeError(f"{name} is no word")
    return dict(words)  # type: ignore[arg-type] # just looked at


class Watch:
    """Looks now and then, in a thread of its own, whether files changed: a disk may hang.

    `latest` is what is approved by table, a new mapping when something changed; `wrong` a sentence
    on each file that cannot be used, whose table counts as it was before.
    """

    def __init__(self, state: Path) -> None:
        self.latest: Mapping[str, Snapshot] = {}
        self.wrong: tuple[str, ...] = ()
        self._state = state
        self._tables = {t.name: t for t in catalogue.tables().values() if t.kept}
        self._marks: dict[str, tuple[int, int, int]] = {}
        self._closing = Event()
        self._thread = Thread(target=self._run, name="approved", daemon=True)

    def start(self) -> None:
        """Begin, once; what is there already is known when this returns."""
        if not self._thread.is_alive():
            self.look()
            self._thread.start()

    def close(self) -> None:
        """End; a look that hangs is left behind."""
        self._closing.set()

    def look(self) -> None:
        """Read the files that changed."""
        latest, wrong = dict(self.latest), []
        for name, table in self._tables.items():
            file = place(self._state, name)
            try:
                found = file.stat()
                mark = (found.st_mtime_ns, found.st_size, found.st_ino)
                if self._marks.get(name) == mark:
                    continue
                latest[name] = read(file, table).rows
                self._marks[name] = mark
            except FileNotFoundError:
                latest.pop(name, None)
                self._marks.pop(name, None)
            except (OSError, ApprovalError) as error:
                wrong.append(str(error))
        if tuple(wrong) != self.wrong:
            self.wrong = tuple(wrong)
            for sentence in wrong:
                _LOG.error("%s", sentence)
        if latest != self.latest:
            self.latest = latest

    def _run(self) -> None:
        while not self._closing.wait(_LOOK_SECONDS):
            self.look()
