"""Baselines: how the rows of today differ from those that an operator approved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aisec_daemon.model.snapshot import Snapshot, Word

_ITEMS = re.compile(r"[,;]\s*|\s*\n")


@dataclass(frozen=True)
class Difference:
    """Row numbers: `new` and `changed` (with what is new, by label) of today, `gone` of then.

    A row of today of which nobody can say what it is (its identity is unread) is in `unknown`.
    """

    new: tuple[int, ...]
    changed: Mapping[int, Mapping[str, str]]
    gone: tuple[int, ...]
    unknown: tuple[int, ...]


def difference(now: Snapshot, approved: Snapshot) -> Difference:
    """Compare two snapshots of one table.

    A compared label is a list, its items separated by commas: what counts is an item that was not
    approved. What is no longer there counts only where a whole row is; a word that is not read says
    nothing, and where it was unread when it was approved, any is as good.
    """
    before = identities(approved)
    today = identities(now)
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(before):
        if name is not None:
            rows_of.setdefault(name, []).append(row)
    new, changed, unknown = [], {}, []
    for row, name in enumerate(today):
        if name is None:
            unknown.append(row)
        elif name not in rows_of:
            new.append(row)
        elif added := _added(now, row, approved, rows_of[name]):
            changed[row] = added
    there = set(today)
    blind = None in there  # any of them may be the one that seems to be gone
    gone = [row for row, name in enumerate(before) if name not in there and not blind]
    return Difference(tuple(new), changed, tuple(gone), tuple(unknown))


def identities(rows: Snapshot) -> tuple[Word, ...]:
    """Return what each row is the same thing by, whenever it is read."""
    return rows.labels[rows.table.identity] if rows.table.identity else rows.subjects


def _added(now: Snapshot, row: int, approved: Snapshot, rows: list[int]) -> dict[str, str]:
    added = {}
    for label in now.table.compared:
        word = now.labels[label][row]
        words = [approved.labels[label][each] for each in rows]
        if word is None or None in words:
            continue
        items = _items(word) - frozenset().union(*(_items(each or "") for each in words))
        if items:
            added[label] = ", ".join(sorted(items))
    return added


def _items(word: str) -> frozenset[str]:
    return frozenset(item for item in _ITEMS.split(word) if item)
