"""Reading the cases that a journal holds, also from one that is damaged."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from aisec_daemon.journal.kept import KeptCase
from aisec_daemon.journal.opening import open_readable
from aisec_daemon.journal.packing import unpacked


def cases_of(db: sqlite3.Connection) -> tuple[list[KeptCase], list[str]]:
    """Return pending and open findings, the oldest first, and a sentence on each damaged one."""
    rows = db.execute(
        "SELECT body, calm_since, told, id FROM finding WHERE status != 'closed' ORDER BY rowid"
    )
    cases, lost = [], []
    for body, calm, told, name in _readable(rows):
        finding = unpacked(body)
        if finding is None:
            lost.append(f"finding {name} is damaged")
            continue
        cases.append(KeptCase(finding, math.nan if calm is None else float(calm), bool(told)))
    return sorted(cases, key=lambda case: case.finding.since), lost


def salvage(file: Path) -> tuple[KeptCase, ...]:
    """Return what can still be read of the open findings in a damaged file."""
    try:
        with closing(open_readable(file)) as db:
            return tuple(cases_of(db)[0])
    except (OSError, sqlite3.Error):
        return ()


def _readable(rows: Iterable[tuple]) -> Iterator[tuple]:  # type: ignore[type-arg] # SQLite's rows
    """Yield rows up to the first page that is damaged."""
    try:
        yield from rows
    except sqlite3.DatabaseError:
        return
