"""The memory of drift as rows: one for each series, one for each kind's block maxima, and others.

Rows are float32, so a time is kept as its day and its second, which is exact to a hundredth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import State
from aisec_daemon.numerics import profile

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

TIMES = ("seen", "since", "calm", "alarm")  # last value, begun, learns again at, first past
NUMBERS = ("far", "novelty_most", "shift_most", "distance_most")
FIELDS = (
    *(f"profile_{at}" for at in range(profile.WIDTH)),
    *(f"{name}_{part}" for name in TIMES for part in ("day", "second")),
    *NUMBERS,
)
_DAY = 86_400.0
_TIMES_AT = profile.WIDTH
_NUMBERS_AT = _TIMES_AT + 2 * len(TIMES)


class Ledger:
    """Rows by key; it copies the state that it begins with, and gives a new one at the end."""

    def __init__(self, state: State, room: int) -> None:
        self._keys = list(state.keys)
        self._row = {key: row for row, key in enumerate(self._keys)}
        self._room = room
        width = len(FIELDS)
        self.values: Floats = np.array(state.values, np.float32).reshape(len(self._keys), width)

    def __contains__(self, key: object) -> bool:
        return key in self._row

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key there is."""
        return tuple(self._keys)

    def rows(self, keys: Sequence[str], time: float) -> NDArray[np.intp]:
        """Return the row of each key; series that are new begin now."""
        new = [key for key in keys if key not in self._row]
        if new:
            fresh = np.zeros((len(new), len(FIELDS)), np.float32)
            fresh[:, : profile.WIDTH] = profile.empty(len(new)).T
            fresh[:, _NUMBERS_AT:] = np.nan
            self._append(new, fresh)
            at = np.array([self._row[key] for key in new])
            for name in ("seen", "since"):
                self.set_time(at, name, np.full(len(at), time))
        return np.array([self._row[key] for key in keys], np.intp)

    def plain(self, key: str) -> Floats:
        """Return a row of plain numbers, zero at first; a change of it is kept."""
        if key not in self._row:
            self._append([key], np.zeros((1, len(FIELDS)), np.float32))
        row: Floats = self.values[self._row[key]]
        return row

    def time(self, rows: NDArray[np.intp], name: str) -> Doubles:
        """Return a time of some rows; 0 is never."""
        at = _TIMES_AT + 2 * TIMES.index(name)
        day, second = self.values[rows, at], self.values[rows, at + 1]
        times: Doubles = day.astype(np.float64) * _DAY + second
        return times

    def set_time(self, rows: NDArray[np.intp], name: str, times: Doubles) -> None:
        """Set a time of some rows."""
        at = _TIMES_AT + 2 * TIMES.index(name)
        self.values[rows, at] = times // _DAY
        self.values[rows, at + 1] = times % _DAY

    def numbers(self, rows: NDArray[np.intp], first: str, count: int = 1) -> Floats:
        """Return some of the numbers beside the profile, (S, count)."""
        at = _NUMBERS_AT + NUMBERS.index(first)
        found: Floats = self.values[rows, at : at + count]
        return found

    def set_numbers(self, rows: NDArray[np.intp], first: str, numbers: Floats) -> None:
        """Set them, (S, count)."""
        at = _NUMBERS_AT + NUMBERS.index(first)
        self.values[rows, at : at + numbers.shape[1]] = numbers

    def state(self) -> State:
        """Return what is to be kept: what was seen longest ago goes when there is no room."""
        over = len(self._keys) - self._room
        if over <= 0:
            return State(tuple(self._keys), self.values)
        prefixes = ("workload/", "gpu/", "known/")
        mortal = [row for key, row in self._row.items() if key.startswith(prefixes)]
        seen = self.time(np.array(mortal, np.intp), "seen")
        order = sorted(range(len(mortal)), key=lambda at: (seen[at], self._keys[mortal[at]]))
        gone = {mortal[at] for at in order[:over]}
        for row in range(len(self._keys) - 1, -1, -1):
            if len(self._keys) - len(gone) <= self._room:
                break
            gone.add(row)
        kept = [row for row in range(len(self._keys)) if row not in gone]
        return State(tuple(self._keys[row] for row in kept), self.values[kept])

    def _append(self, keys: Sequence[str], rows: Floats) -> None:
        for key in keys:
            self._row[key] = len(self._keys)
            self._keys.append(key)
        self.values = np.concatenate([self.values, rows])
