"""Reading the cases that a journal holds, also from one that is damaged."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from aisec_daemon.journal.kept import Kept, KeptCase, unpacked_state
from aisec_daemon.journal.opening import open_readable
from aisec_daemon.journal.packing import unpacked
from aisec_daemon.model import State

DETECTOR = "detector/"
"""Where detectors' memories lie among the names."""


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


def states_of(db: sqlite3.Connection) -> tuple[dict[str, tuple[int, State]], list[str]]:
    """Return what detectors remember, by rule, and a sentence on each memory that is damaged."""
    rows = db.execute(
        "SELECT name, version, content FROM memory WHERE name GLOB ?", (DETECTOR + "*",)
    )
    states: dict[str, tuple[int, State]] = {}
    lost = []
    for name, version, content in _readable(rows):
        rule = name.removeprefix(DETECTOR)
        state = unpacked_state(content)
        if state is None:
            lost.append(f"what {rule} remembered is damaged")
        else:
            states[rule] = int(version), state
    return states, lost


def salvage(file: Path, now: float) -> Kept:
    """Return what can still be read of open findings and memories in a damaged file."""
    cases: list[KeptCase] = []
    states: dict[str, tuple[int, State]] = {}
    with suppress(OSError, sqlite3.Error), closing(open_readable(file)) as db:
        with suppress(sqlite3.Error):
            cases = cases_of(db)[0]
        states = states_of(db)[0]
    return Kept(now, states, tuple(cases))


def _readable(rows: Iterable[tuple]) -> Iterator[tuple]:  # type: ignore[type-arg] # SQLite's rows
    """Yield rows up to the first page that is damaged."""
    try:
        yield from rows
    except sqlite3.DatabaseError:
        return
