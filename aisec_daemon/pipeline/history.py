"""The past of one table: a ring of float32 matrices, bounded in time, subjects and columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Kind, Read, Snapshot, Table, View
from aisec_daemon.pipeline.slots import Slots

_RATE = "_per_second"


class History:
    """Keeps what detectors asked for of one table, and nothing else.

    The ring holds every row twice, a depth apart, so that the past is always one piece of it and
    need not be copied: a view is good until the next snapshot is added. A row lies in one piece,
    since rows are added far more often than they are looked at.

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
        self._columns = (*gauges, *rates)
        self._gauges = _places(table, gauges)
        self._rates = _places(table, rates)
        self._window = max((read.window for read in reads), default=0.0)
        self._slots = Slots(subjects_max, self._window)
        self._depth = int(self._window / period) + 2 if self._columns else 0
        self._times = np.full(2 * self._depth, -np.inf)
        self._cube = np.empty((2 * self._depth, 0, len(self._columns)), dtype=np.float32)
        self._head = 0  # where the next row goes
        self._straight: tuple[str, ...] | None = None  # subjects that sit in the slots' order

    def inherit(self, previous: History) -> None:
        """Take over the past of another history that kept the same columns as long."""
        self.latest = previous.latest
        if (self._columns, self._window) == (previous._columns, previous._window):
            self._slots, self._times = previous._slots, previous._times
            self._cube, self._head = previous._cube, previous._head
            self._depth, self._straight = previous._depth, previous._straight

    @property
    def evicted(self) -> int:
        """Subjects whose past had to go, or that found no room."""
        return self._slots.evicted

    def add(
        self, snapshot: Snapshot, increase: NDArray[np.float64], holding: Collection[str] = ()
    ) -> None:
        """Add a snapshot and the rise of its counters; `holding` are subjects that hold a GPU."""
        elapsed = snapshot.time - self.latest.time if self.latest else np.nan
        if self.latest is None or self.latest.subjects != snapshot.subjects:
            self._straight = None
        self.latest = snapshot
        if not self._columns:
            return
        wiped = self._slots.update(snapshot.time, snapshot.subjects, holding)
        if wiped:
            self._cube[:, wiped] = np.nan
        self._widen()
        self._deepen(snapshot.time)
        slots, gauges = self._seats(), len(self._gauges)
        at, twice = self._head, self._head + self._depth
        row = self._cube[at]
        row.fill(np.nan)
        self._fill(row[:, :gauges], snapshot.values.take(self._gauges, axis=1), slots)
        if len(self._rates):
            rates = increase.take(self._rates, axis=1) / elapsed
            self._fill(row[:, gauges:], rates, slots)
        self._cube[twice] = row
        self._times[at] = self._times[twice] = snapshot.time
        self._head = (at + 1) % self._depth

    @staticmethod
    def _fill(
        row: NDArray[np.float32], taken: NDArray[np.float64], slots: NDArray[np.intp] | None
    ) -> None:
        """Put what was taken of each subject, (S, C), into its slot of a row, (W, C)."""
        if slots is None:
            row[: len(taken)] = taken
        else:
            kept = slots >= 0
            row[slots[kept]] = taken[kept]

    def view(self, read: Read, time: float) -> View | None:
        """Return what `read` asks for as of `time`; None before the first snapshot."""
        if self.latest is None:
            return None
        if not read.columns:
            return View(time, self.latest, self._times[:0], {})
        times = self._times[self._head : self._head + self._depth]
        first = int(np.searchsorted(times, time - read.window, side="right"))
        rows = slice(self._head + first, self._head + self._depth)
        slots, width = self._seats(), len(self.latest.subjects)
        past = {name: self._matrix(name, rows, slots, width) for name in read.columns}
        return View(time, self.latest, times[first:].copy(), past)

    def _seats(self) -> NDArray[np.intp] | None:
        """Return the slot of each latest subject; None where their order is that of the slots."""
        subjects = self.latest.subjects if self.latest else ()
        if self._straight == subjects:
            return None
        slots = np.array(self._slots.of(subjects), dtype=np.intp)
        if not np.array_equal(slots, np.arange(len(slots))):
            return slots
        self._straight = subjects
        return None

    def _matrix(
        self, name: str, rows: slice, slots: NDArray[np.intp] | None, width: int
    ) -> NDArray[np.float32]:
        """Return one column's past, (T, S): the ring itself where its order is the subjects'."""
        whole = self._cube[rows, :, self._columns.index(name)]
        if slots is None:
            matrix = whole[:, :width]
        else:
            matrix = whole[:, slots]
            matrix[:, slots < 0] = np.nan
        matrix.setflags(write=False)
        return matrix

    def _widen(self) -> None:
        """Make the ring as wide as there are slots, by doubling."""
        depth, width, columns = self._cube.shape
        if self._slots.size > width:
            shape = depth, max(self._slots.size - width, width, 16), columns
            more = np.full(shape, np.nan, dtype=np.float32)
            self._cube = np.concatenate([self._cube, more], axis=1)

    def _deepen(self, now: float) -> None:
        """Double the depth when snapshots come faster than the table's period promised."""
        if self._times[self._head] <= now - self._window:
            return
        rows = slice(self._head, self._head + self._depth)
        past, times = self._cube[rows], self._times[rows]
        more, unborn = np.full_like(past, np.nan), np.full(self._depth, -np.inf)
        self._cube = np.concatenate([past, more, past, more])
        self._times = np.concatenate([times, unborn, times, unborn])
        self._head, self._depth = self._depth, 2 * self._depth


def _places(table: Table, names: Sequence[str]) -> NDArray[np.intp]:
    """Return the columns of a snapshot behind names in a view, (C,)."""
    return np.array([_source(table, name) for name in names], dtype=np.intp)


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
