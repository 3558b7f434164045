"""Evidence: what of the views that a detector was given speaks of one finding.

Sizes: 16 rows of a table, 120 instants of the past (a picture in a terminal is narrower), so that
one opening of a finding on eight GPUs is some tens of kilobytes when it is compressed. A change in
its life keeps the rows only: one that flaps every second must not wear out a disk.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from aisec_daemon.model import Evidence, Finding, View

_ROWS, _INSTANTS = 16, 120
_JOINS = ("process", "uuid")  # labels by which rows of one table speak of subjects of another


def gather(
    views: Sequence[View | None], finding: Finding, *, past: bool = True
) -> tuple[Evidence, ...]:
    """Return the rows of each view that concern a finding, the judged table's first.

    Of the first view these are the finding's subjects; of the others rows of those subjects, and
    of what the first rows name (their process, their GPU). A subject `gpu/GPU-1` is `GPU-1` of the
    table `gpu`. Without `past` there are the rows only.
    """
    concerned: set[str] = set(finding.subjects)
    found = []
    for at, view in enumerate(views):
        if view is None:
            continue
        rows = _rows(view, concerned, joined=at > 0)
        if at == 0:
            for name in _JOINS:
                words = view.latest.labels.get(name, ())
                concerned.update(filter(None, (words[row] for row in rows if words)))
        if rows:
            found.append(_of(view if past else replace(view, past={}), rows))
    return tuple(found)


def _rows(view: View, concerned: Collection[str], *, joined: bool) -> list[int]:
    """Return the rows whose subject is concerned, or that name one who is."""
    table = view.latest.table.name
    concerned = {*concerned, *(subject.removeprefix(f"{table}/") for subject in concerned)}
    rows = {row for row, subject in enumerate(view.subjects) if subject in concerned}
    for name in _JOINS if joined else ():
        words = view.latest.labels.get(name, ())
        rows |= {row for row, word in enumerate(words) if word in concerned}
    return sorted(rows)


def _of(view: View, rows: list[int]) -> Evidence:
    """Return rows of a view and their past, thinned to what is kept."""
    kept = rows[:_ROWS]
    latest = view.latest
    values = latest.values[kept]
    step = -(-len(view.times) // _INSTANTS) or 1
    instants = np.arange(len(view.times))[::-1][::step][::-1]  # the newest always
    return Evidence(
        table=latest.table.name,
        time=latest.time,
        subjects=tuple(latest.subjects[row] for row in kept),
        numbers={
            name: tuple(values[:, at].tolist()) for at, name in enumerate(latest.table.column_names)
        },
        words={name: tuple(words[row] for row in kept) for name, words in latest.labels.items()},
        times=tuple(view.times[instants].tolist()) if view.past else (),
        past={
            name: tuple(map(tuple, past[np.ix_(instants, np.array(kept))].T.tolist()))
            for name, past in view.past.items()
        },
        more=len(rows) - len(kept),
    )
