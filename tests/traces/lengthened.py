"""Short recordings made longer: the last stretch in which nobody came or went, again and again.

Blocks of 16 s are taken from it at random, so that no false period appears; counters go on by what
they rose in each second. What comes of it is called lengthened wherever it is shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Kind, Snapshot
from aisec_daemon.model.recording import RecordingError

BLOCK_SECONDS = 16.0
_TABLES = ("gpu", "gpu_process", "process", "program", "socket")


def lengthened(snapshots: Sequence[Snapshot], seconds: float) -> Iterator[Snapshot]:
    """Yield a recording's snapshots, and go on until it has lasted `seconds`."""
    names = dict.fromkeys(s.table.name for s in snapshots if s.table.name in _TABLES)
    tables = {name: [s for s in snapshots if s.table.name == name] for name in names}
    until = snapshots[0].time + seconds
    return heapq.merge(*(_go_on(t, until) for t in tables.values()), key=lambda s: s.time)


def _go_on(taken: list[Snapshot], until: float) -> Iterator[Snapshot]:
    yield from taken
    if len(taken) < 2 or taken[-1].time >= until:
        return
    steady = _steady(taken)
    period = float(np.median(np.diff([s.time for s in taken])))
    columns = enumerate(taken[0].table.columns)
    counters = [at for at, column in columns if column.kind is Kind.COUNTER]
    block = max(int(BLOCK_SECONDS / period), 1)
    last, time = taken[-1].values.copy(), taken[-1].time
    for at in _order(len(steady), block):
        time += period
        if time >= until:
            return
        now, before = steady[at], steady[at - 1]
        values = now.values.copy()
        risen = now.values[:, counters] - before.values[:, counters]
        values[:, counters] = last[:, counters] + np.maximum(risen, 0)
        last = values
        yield Snapshot(now.table, time, now.subjects, values.copy(), now.labels)


def _steady(taken: list[Snapshot]) -> list[Snapshot]:
    """Return the last stretch with the same subjects, without its first quarter."""
    first = len(taken) - 1
    while first and taken[first - 1].subjects == taken[-1].subjects:
        first -= 1
    rest = taken[first:]
    rest = rest[len(rest) // 4 :]
    if len(rest) < 2:
        raise RecordingError("it has no stretch that could be repeated")
    return rest


def _order(length: int, block: int) -> Iterator[int]:
    """Yield positions from 1 on: block after block, each from a place chosen at random."""
    rng = np.random.default_rng(1)
    block = min(block, length - 1)
    while True:
        begin = int(rng.integers(1, length - block + 1))
        steps: NDArray[np.int64] = begin + np.arange(block)
        yield from steps.tolist()
