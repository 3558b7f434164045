"""Polls: which rows of a log were read together.

Rows that name their GPU are easy: they come in GPU order, so a row whose GPU does not come after
the one before begins a poll.

Rows that do not are told apart by their times. nvidia-smi reads one GPU after the other, a few
milliseconds each, and then sleeps; so of each poll's rows the first alone comes after a long step.
`gpus_per_poll` finds for which number of GPUs the longest steps come that many rows apart and stand
out most from the others. Then rows are grouped at the long steps, and groups are taken together
until they are a whole poll, since a driver can stall in the midst of one, by seconds: a stall alone
never begins a poll. A group that cannot be part of a whole poll has lost rows; which GPU each of
the others belongs to is not known, so they are left out. The last poll of a run may be cut off.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_GPUS = 64
_JUDGED = 4096  # rows
_WITHIN = 0.1  # seconds: longer steps are hardly those from one GPU to the next
_STANDS_OUT = 2.0
_REGULAR = 0.6
_RESOLUTION = 1e-3


class Shape(NamedTuple):
    """Rows in each poll, and the step in seconds from which a row may begin another."""

    gpus: int
    step: float


_ALONE = Shape(1, 0.0)


def gpus_per_poll(times: NDArray[np.float64]) -> Shape:
    """Return the shape of polls from the times of a run's first rows."""
    known = times[:_JUDGED]
    steps = np.abs(np.diff(known[np.isfinite(known)]))
    if len(steps) and len(times) <= MOST_GPUS and steps.sum() < _WITHIN:
        return Shape(len(times), _WITHIN)  # a single poll
    sizes = range(2, min(MOST_GPUS, len(steps)) + 1)
    return max((_tried(steps, gpus) for gpus in sizes), default=(_STANDS_OUT, _ALONE))[1]


def _tried(steps: NDArray[np.float64], gpus: int) -> tuple[float, Shape]:
    """Return how far the longest steps stand out if there is one in `gpus`, and the shape then.

    They must lie `gpus` apart: most rows must be in groups of that size.
    """
    order = np.sort(steps)
    polls = max(len(steps) // gpus, 1)
    within = max(float(np.quantile(order[:-polls], 0.9)), _RESOLUTION)
    between = float(np.quantile(order[-polls:], 0.1))
    if within > _WITHIN or between / within <= _STANDS_OUT:
        return _STANDS_OUT, _ALONE
    step = (within * between) ** 0.5
    groups = np.diff(np.flatnonzero(steps > step), prepend=-1)
    regular = groups[groups == gpus].sum() / max(groups.sum(), 1)
    return (between / within, Shape(gpus, step)) if regular > _REGULAR else (_STANDS_OUT, _ALONE)


class Cut(NamedTuple):
    """Polls (P, 2) and lost rows (L, 2), each from a row to before a row; `rest` is undecided."""

    polls: NDArray[np.int64]
    lost: NDArray[np.int64]
    rest: int


def by_rank(ranks: NDArray[np.int64], *, final: bool) -> Cut:
    """Cut rows that name their GPU; `ranks` (R,) are the GPUs' places in a poll.

    Unless nothing follows (`final`), the last poll may go on.
    """
    starts = np.flatnonzero(np.diff(ranks) <= 0) + 1
    edges = np.concatenate(([0], starts, [len(ranks)] if final and len(ranks) else []))
    return Cut(_pairs(edges[:-1], edges[1:]), _pairs([], []), int(edges[-1]))


def by_time(times: NDArray[np.float64], shape: Shape, *, final: bool) -> Cut:
    """Cut rows that do not name their GPU; rows without a time (NaN) keep their place."""
    rows, size = len(times), shape.gpus
    if size == 1:
        every = np.arange(rows)
        return Cut(_pairs(every, every + 1), _pairs([], []), rows)
    polls: list[int] = []
    lost: list[tuple[int, int]] = []
    start = group = 0
    edges = _edges(times, shape.step)
    if not final and edges and rows - edges[-1] <= 2 * size:
        rows = edges[-1]  # the last group may go on
    for stop in [*edges, rows]:
        if stop > rows:
            break
        if stop - start > size and group > start:
            lost.append((start, group))
            start = group
        while stop - start >= size:
            polls.append(start)
            start += size
        group = stop
    starts = np.array(polls, dtype=np.int64)
    cut = _pairs(starts, starts + size)
    if final and start < len(times):
        cut, start = np.concatenate((cut, [[start, len(times)]])), len(times)
    return Cut(cut, _pairs(*zip(*lost, strict=True)) if lost else _pairs([], []), start)


def _edges(times: NDArray[np.float64], step: float) -> list[int]:
    """Return the rows that come after a long step, of the times there are."""
    there = np.where(np.isfinite(times), np.arange(len(times)), 0)
    filled = times[np.maximum.accumulate(there)]
    with np.errstate(invalid="ignore", over="ignore"):
        edges: list[int] = (np.flatnonzero(np.abs(np.diff(filled)) > step) + 1).tolist()
    return edges


def _pairs(starts: ArrayLike, stops: ArrayLike) -> NDArray[np.int64]:
    return np.stack((np.asarray(starts), np.asarray(stops)), axis=1).astype(np.int64)
