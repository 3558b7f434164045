"""Rows of logs about GPUs, thousands at a time, into snapshots of the table `gpu`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app.traces import polls
from aisec_daemon.app.traces.columns import Quantity
from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.gpus import UNKNOWN, Gpus, Group
from aisec_daemon.app.traces.numbers import Numbers
from aisec_daemon.app.traces.steady import Steady
from aisec_daemon.model import Snapshot, Table

Fields = Sequence[bytes]

_JUDGED = 512  # rows, before the number of GPUs is told from their times


@dataclass(frozen=True)
class Layout:
    """Which field of a row is what, as its header says.

    `times` reads the fields at `time_at` (one or two of them); without any the log has no times.
    """

    width: int
    numbers: dict[int, tuple[int, Quantity]]
    words: dict[str, int]
    time_at: tuple[int, ...] = ()
    times: Callable[..., NDArray[np.float64]] | None = None

    @property
    def names_gpus(self) -> bool:
        """Whether each row says which GPU it is about."""
        return not {"uuid", "pci_bus_id", "index"}.isdisjoint(self.words)


@dataclass(frozen=True)
class Batch:
    """Rows, (R,) each, and `values` (R, F); a bad row has `gpus` UNKNOWN and keeps its place."""

    lines: NDArray[np.int64]
    times: NDArray[np.float64]
    gpus: NDArray[np.int64]
    values: NDArray[np.float64]

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Batch:
        return Batch(self.lines[rows], self.times[rows], self.gpus[rows], self.values[rows])

    def __add__(self, other: Batch) -> Batch:
        mine, its = vars(self).values(), vars(other).values()
        return Batch(*(np.concatenate(pair) for pair in zip(mine, its, strict=True)))


@dataclass
class GpuRows:
    """Turns the rows under one header into snapshots; `add` them in order, then `finish`."""

    table: Table
    layout: Layout
    clock: Steady
    untimed: Callable[[int], NDArray[np.float64]]  # times of polls in a log that has none
    faults: Faults
    _gpus: Gpus = field(init=False)
    _numbers: list[tuple[int, int, Numbers]] = field(init=False)
    _shape: polls.Shape | None = field(init=False, default=None)
    _rest: Batch | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        words = tuple(self.layout.words)
        self._gpus = Gpus(self.table, words, positional=not self.layout.names_gpus)
        self._numbers = [
            (column, at, Numbers(quantity))
            for column, (at, quantity) in self.layout.numbers.items()
        ]

    def add(self, lines: Sequence[int], rows: list[list[bytes]]) -> Iterator[Snapshot]:
        """Read rows, one for each number in `lines`; a row that is not the header's wide is bad."""
        if rows:
            batch = self._read(lines, rows)
            yield from self._cut(self._rest + batch if self._rest else batch, final=False)

    def finish(self) -> Iterator[Snapshot]:
        """Take what is left for whole: no row follows."""
        if self._rest is not None:
            yield from self._cut(self._rest, final=True)

    def _read(self, lines: Sequence[int], rows: list[list[bytes]]) -> Batch:
        blank = [b""] * self.layout.width
        odd = [row for row, fields in enumerate(rows) if len(fields) != self.layout.width]
        for row in odd:
            self.faults.bad(lines[row], f"it has not {self.layout.width} fields")
            rows[row] = blank
        columns = list(zip(*rows, strict=True))
        gpus = self._who(columns, len(rows))
        unnamed = gpus == UNKNOWN
        times = np.zeros(len(rows))
        if self.layout.times:
            times = self.layout.times(*(columns[at] for at in self.layout.time_at))
            gpus[~np.isfinite(times)] = UNKNOWN
        gpus[odd] = UNKNOWN
        for row in {*np.flatnonzero(gpus == UNKNOWN).tolist()}.difference(odd):
            reason = "it names no GPU" if unnamed[row] else "its time cannot be read"
            self.faults.bad(lines[row], reason)
        values = np.full((len(rows), len(self.table.columns)), np.nan)
        for column, at, numbers in self._numbers:
            values[:, column] = numbers.of(columns[at])
        values[:, self.table.index("read_age_seconds")] = 0.0
        return Batch(np.array(lines, dtype=np.int64), times, gpus, values)

    def _who(self, columns: Sequence[Fields], rows: int) -> NDArray[np.int64]:
        at = self.layout.words.values()
        keys = zip(*(columns[a] for a in at), strict=True) if at else repeat((), rows)
        return np.fromiter(map(self._gpus.__getitem__, keys), np.int64, rows)

    def _cut(self, batch: Batch, *, final: bool) -> Iterator[Snapshot]:
        if self._gpus.positional:
            if self._shape is None:
                if len(batch.lines) < _JUDGED and not final:
                    self._rest = batch
                    return iter(())
                timed = self.layout.times is not None
                self._shape = polls.gpus_per_poll(batch.times) if timed else polls.Shape(1, 0.0)
            cut = polls.by_time(batch.times, self._shape, final=final)
        else:
            if (batch.gpus == UNKNOWN).any():
                batch = batch[batch.gpus != UNKNOWN]
            cut = polls.by_rank(np.array(self._gpus.ranks, dtype=np.int64)[batch.gpus], final=final)
        for start, stop in cut.lost:
            for line in batch.lines[start:stop][batch.gpus[start:stop] != UNKNOWN].tolist():
                self.faults.bad(line, "rows of its poll are lost, so its GPU is not known")
        self._rest = batch[cut.rest :]
        return self._snapshots(batch, cut.polls)

    def _snapshots(self, batch: Batch, cut: NDArray[np.int64]) -> Iterator[Snapshot]:
        """Yield the polls, their bad rows left out, at the time of their first row."""
        places = np.zeros(len(batch.lines), dtype=np.int64)
        if self._gpus.positional:
            sizes = cut[:, 1] - cut[:, 0]
            within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            places[np.repeat(cut[:, 0], sizes) + within] = within
        good = batch.gpus != UNKNOWN
        if not good.all():
            before = np.concatenate(([0], np.cumsum(good)))
            batch, places, cut = batch[good], places[good], before[cut]
            cut = cut[cut[:, 0] < cut[:, 1]]
        times = batch.times[cut[:, 0]] if self.layout.times else self.untimed(len(cut))
        groups = self._groups(np.stack((batch.gpus, places), axis=1), cut)
        mended = self.clock.mend(times).tolist()
        for time, group, (start, stop) in zip(mended, groups, cut.tolist(), strict=True):
            values = batch.values[start:stop]
            if group.kept is not None:
                values = values[group.kept]
            yield group.unread.later(time, values)

    def _groups(self, who: NDArray[np.int64], cut: NDArray[np.int64]) -> Iterator[Group]:
        """Yield the group of each poll, looked up only where it differs from the one before."""
        sizes = cut[:, 1] - cut[:, 0]
        same = np.zeros(len(cut), dtype=bool)
        if len(cut) and (sizes == sizes[0]).all():
            rows = who[cut[:, :1] + np.arange(sizes[0])]  # (P, GPUs, 2)
            same[1:] = (rows[1:] == rows[:-1]).all(axis=(1, 2))
        group = None
        for again, (start, stop) in zip(same.tolist(), cut.tolist(), strict=True):
            if group is None or not again:
                numbers, at = who[start:stop].T.tolist()
                group = self._gpus.group(numbers, at, who[start:stop].tobytes())
            yield group
