"""The past of one table: a ring of float32 matrices, bounded in time, subjects and columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Kind, Read, Snapshot, Table, View
from aisec_daemon.pipeline.rates import GAP_PERIODS, lined_up, per_second
from aisec_daemon.pipeline.slots import Slots

_RATE = "_per_second"
_WAITING = 32  # snapshots at most, since they need memory while they wait


class History:
    """Keeps what detectors asked for of one table, and nothing else.

    The ring holds every row twice, a depth apart, so that the past is always one piece of it and
    need not be copied: a view is good until the next snapshot is added. Snapshots wait until
    somebody looks at the past, since many are written as quickly as one.

    `reads` say which columns and for how long; a counter is kept as its rate under
    `<name>_per_second`. At most `subjects_max` subjects are remembered (see `Slots`).
    """

    def __init__(
        self, table: Table, reads: Sequence[Read], period: float, subjects_max: int = 16384
    ) -> None:
        self.latest: Snapshot | None = None
        wanted = dict.fromkeys(name for read in reads for name in read.columns)
        gauges = [name for name in wanted if not name.endswith(_RATE)]
        rates = [name for name in wanted if name.endswith(_RATE)]
        self._columns = {name: at for at, name in enumerate((*gauges, *rates))}
        self._sources = np.array([_source(table, name) for name in self._columns], dtype=np.intp)
        self._gauges = len(gauges)
        self._gap = GAP_PERIODS * period
        self._window = max((read.window for read in reads), default=0.0)
        self._slots = Slots(subjects_max, self._window)
        self._seats: NDArray[np.intp] | None = None  # each subject's slot; None: in their order
        self._depth = int(self._window / period) + 2 if self._columns else 0
        self._times = np.full(2 * self._depth, -np.inf)
        self._cube = np.empty((len(self._columns), 2 * self._depth, 0), dtype=np.float32)
        self._head = 0  # where the next row goes
        self._written: Snapshot | None = None  # the last that is in the ring
        self._waiting: list[Snapshot] = []  # those after it, of the same subjects

    def inherit(self, previous: History) -> None:
        """Take over the past of another history that kept the same columns as long."""
        previous._write()
        self.latest = self._written = previous.latest
        if (self._columns, self._window) == (previous._columns, previous._window):
            self._slots, self._seats = previous._slots, previous._seats
            self._cube, self._times = previous._cube, previous._times
            self._head, self._depth = previous._head, previous._depth
        elif self.latest is not None and self._columns:
            self._seat(self.latest, ())  # who is asked for before the next snapshot has no past yet

    @property
    def evicted(self) -> int:
        """Subjects whose past had to go, or that found no room."""
        return self._slots.evicted

    def add(self, snapshot: Snapshot, holding: Callable[[], Collection[str]] = tuple) -> None:
        """Add a snapshot; `holding` tells the subjects that hold a GPU."""
        if self._columns:
            if not self._slots.placed(snapshot.subjects):
                self._write()
                self._seat(snapshot, holding())
            self._waiting.append(snapshot)
            if len(self._waiting) == min(_WAITING, self._depth):
                self._write()
        self.latest = snapshot

    def view(self, read: Read, time: float) -> View | None:
        """Return what `read` asks for as of `time`; None before the first snapshot."""
        if self.latest is None:
            return None
        if not read.columns:
            return View(time, self.latest, self._times[:0], {})
        self._write()
        times = self._times[self._head : self._head + self._depth]
        first = int(np.searchsorted(times, time - read.window, side="right"))
        rows = slice(self._head + first, self._head + self._depth)
        past = {name: self._matrix(name, rows) for name in read.columns}
        return View(time, self.latest, times[first:].copy(), past)

    def _matrix(self, name: str, rows: slice) -> NDArray[np.float32]:
        """Return one column's past, (T, S): the ring itself where its order is the subjects'."""
        whole = self._cube[self._columns[name], rows]
        if self._seats is None:
            matrix = whole[:, : len(self.latest.subjects) if self.latest else 0]
        else:
            matrix = whole[:, self._seats]
            matrix[:, self._seats < 0] = np.nan
        matrix.setflags(write=False)
        return matrix

    def _seat(self, snapshot: Snapshot, holding: Collection[str]) -> None:
        """Give the subjects of a snapshot their slots."""
        wiped = self._slots.update(snapshot.time, snapshot.subjects, holding)
        if wiped:
            self._cube[:, :, wiped] = np.nan
        self._widen()
        seats = np.array(self._slots.of(snapshot.subjects), dtype=np.intp)
        self._seats = None if np.array_equal(seats, np.arange(len(seats))) else seats

    def _write(self) -> None:
        """Write what waits into the ring."""
        run = self._waiting
        if not run:
            return
        before = self._written
        readings = [lined_up(before, run[0]), *(snapshot.values for snapshot in run)]
        taken = np.array([values.take(self._sources, axis=1) for values in readings])
        taken = taken.transpose(2, 0, 1).copy()  # each column in one piece
        times = np.array([before.time if before else np.nan, *(s.time for s in run)])
        rates = per_second(taken[self._gauges :], times, self._gap)
        rows = np.concatenate([taken[: self._gauges, 1:], rates])
        self._deepen(times[1:])
        room = self._depth - self._head
        self._put(times[1:][:room], rows[:, :room])
        self._put(times[1:][room:], rows[:, room:])
        self._written = run[-1]
        run.clear()

    def _put(self, times: NDArray[np.float64], rows: NDArray[np.float64]) -> None:
        """Put rows (C, T, S) into the ring where its head is; they must not go beyond its depth."""
        to = slice(self._head, self._head + len(times))
        for place in (to, slice(to.start + self._depth, to.stop + self._depth)):
            self._times[place] = times
            self._cube[:, place] = np.nan
            if self._seats is None:
                self._cube[:, place, : rows.shape[2]] = rows
            else:
                kept = self._seats >= 0
                self._cube[:, place, self._seats[kept]] = rows[:, :, kept]
        self._head = to.stop % self._depth

    def _widen(self) -> None:
        """Make the ring as wide as there are slots, by doubling."""
        columns, depth, width = self._cube.shape
        if self._slots.size > width:
            shape = columns, depth, max(self._slots.size - width, width, 16)
            more = np.full(shape, np.nan, dtype=np.float32)
            self._cube = np.concatenate([self._cube, more], axis=2)

    def _deepen(self, times: NDArray[np.float64]) -> None:
        """Double the depth when snapshots come faster than the table's period promised."""
        oldest = self._times[self._head : self._head + len(times)]
        if (oldest <= times - self._window).all():
            return
        rows = slice(self._head, self._head + self._depth)
        past, known = self._cube[:, rows], self._times[rows]
        more, unborn = np.full_like(past, np.nan), np.full(self._depth, -np.inf)
        self._cube = np.concatenate([past, more, past, more], axis=1)
        self._times = np.concatenate([known, unborn, known, unborn])
        self._head, self._depth = self._depth, 2 * self._depth


def _source(table: Table, name: str) -> int:
    """Return the column behind a name in a view; KeyError if there is none with a past."""
    if name.endswith(_RATE):
        column = table.index(name.removesuffix(_RATE))
        if column not in table.counters:
            raise KeyError(f"table {table.name!r}: {name!r} is not the rate of a counter")
        return column
    column = table.index(name)
    if table.columns[column].kind is not Kind.GAUGE:
        raise KeyError(
            f"table {table.name!r}: only gauges and rates have a past, {name!r} has none"
        )
    return column
