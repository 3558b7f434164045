"""Asset changed: an AI workload that nobody approved, or that is not what was approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from aisec_daemon.model import (
    Read,
    Rule,
    Severity,
    Snapshot,
    State,
    StateShape,
    Verdict,
    View,
)
from aisec_daemon.model.baseline import Difference, difference, identities

_CALM = ("", "", "")


@dataclass(frozen=True)
class AssetChanged:
    """Compares the assets of today with those that an operator approved; silent before he did."""

    rule: ClassVar[Rule] = Rule(
        "asset_changed",
        title="An AI workload that was not approved, or is gone",
        severity=Severity.INFO,
        benign="A deployment or an update that nobody approved yet; a job that ended.",
        hold=60.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = None
    peers: ClassVar[bool] = True  # a row is gone only if no other is the same thing

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of the assets calls it."""
        return (Read("asset"), Read("asset", approved=True, needed=True))

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge every asset of today, and those that are missing."""
        now, approved = views
        if now is None or approved is None:
            return state, Verdict((), np.empty(0))
        return state, _verdict(now.latest, approved.latest)


def _verdict(now: Snapshot, approved: Snapshot) -> Verdict:
    found = difference(now, approved)
    today, before = identities(now), identities(approved)
    gone: dict[str, int] = {}
    for row in sorted(found.gone, key=lambda row: approved.subjects[row]):
        gone.setdefault(before[row] or "", row)
    told = {row: _told(found, now, row) for row in range(len(today))}
    score = [float(bool(told[row][0])) for row in range(len(today))]
    for row in found.unknown:
        score[row] = np.nan
    missing = [_missing(approved, row) for row in gone.values()]
    rows = [*told.values(), *missing]
    return Verdict(
        (*now.subjects, *(f"approved/{name}" for name in gone)),
        np.array([*score, *(1.0 for _ in missing)]),
        {"what": tuple(row[0] for row in rows), "added": tuple(row[1] for row in rows)},
        tuple(row[2] for row in rows),
        keys=(*(name or "" for name in today), *gone),
        words=(
            *(_words(now, row) for row in range(len(today))),
            *(_words(approved, row) for row in gone.values()),
        ),
    )


def _told(found: Difference, now: Snapshot, row: int) -> tuple[str, str, str]:
    """Return what happened to a row of today, what was added to it, and a sentence."""
    if row in found.new:
        return "new", "", f"{_name(now, row)} runs here and was not approved"
    if row in found.changed:
        added = "; ".join(f"{label}: {items}" for label, items in found.changed[row].items())
        return "changed", added, f"{_name(now, row)} is not as it was approved: {added}"
    return _CALM


def _missing(approved: Snapshot, row: int) -> tuple[str, str, str]:
    return "gone", "", f"{_name(approved, row)} was approved and is no longer here"


def _name(rows: Snapshot, row: int) -> str:
    """Return how people call an asset: what it runs, and whose it is."""
    words = _words(rows, row)
    program = words.get("script") or words.get("executable") or rows.subjects[row]
    return f"{program} of {words['user']}" if "user" in words else program


def _words(rows: Snapshot, row: int) -> Mapping[str, str]:
    words = {name: column[row] for name, column in rows.labels.items()}
    return {name: word for name, word in words.items() if word}
