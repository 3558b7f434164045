"""What is remembered: energy by case, when users first came, and what this node usually shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aisec_daemon.detectors.mining.rows import Rows
from aisec_daemon.model import State, StateShape
from aisec_daemon.numerics.window import Array

SHAPE = StateShape(
    version=1,
    fields=("joules", "since_timestamp_seconds", "last_timestamp_seconds"),
    rows=4096,
)
DAY_SECONDS = 86_400.0
_LONGEST_STEP_SECONDS = 15.0  # between two readings; a longer gap is charged to nobody
_WEEK_SECONDS = 7 * DAY_SECONDS
_FORGET_SECONDS = 30 * DAY_SECONDS
_HOUR_SECONDS = 3600.0
_LISTS_PROCESSES = "node/lists processes"
_RESOLVES = "node/proc shows processes of the driver's list"
_HAS_SCHEDULER = "node/has a scheduler"
_BEGUN = "node/begun"

_Row = tuple[float, float, float]


class Ledger:
    """A detector's memory, opened for one turn at `time`."""

    def __init__(self, state: State, time: float) -> None:
        self._time = time
        self._rows: dict[str, _Row] = {
            key: (row[0], row[1], row[2])
            for key, row in zip(state.keys, state.values.tolist(), strict=True)
        }
        begun = self._rows.get(_BEGUN, (0.0, time, time))
        self._elapsed = time - begun[2]
        self._rows[_BEGUN] = (0.0, begun[1], time)

    def see(self, rows: Rows) -> None:
        """Take note of users, of a scheduler, and that the driver lists processes here."""
        listed = [at for at, use in enumerate(rows.use.tolist()) if use >= 0]
        if not listed:
            return
        self._touch(_LISTS_PROCESSES)
        if any(not rows.processes[at].endswith(":?") for at in listed):
            self._touch(_RESOLVES)
        if any("slurm_job" in rows.words[at] or "pod" in rows.words[at] for at in listed):
            self._touch(_HAS_SCHEDULER)
        for user in {rows.words[at].get("user", "?") for at in listed}:
            self._touch(f"user/{user}")

    def charge(self, keys: Sequence[str], watts: Array) -> None:
        """Add what each row drew since the last turn; a day's energy fades over a day."""
        if not 0 < self._elapsed <= _LONGEST_STEP_SECONDS:
            return
        drawn: dict[str, float] = {}
        for key, power in zip(keys, watts.tolist(), strict=True):
            if power > 0:
                drawn[key] = drawn.get(key, 0.0) + power
        for key, power in drawn.items():
            joules, since, last = self._rows.get(f"energy/{key}", (0.0, self._time, self._time))
            faded = joules * np.exp(-(self._time - last) / DAY_SECONDS)
            self._rows[f"energy/{key}"] = (faded + power * self._elapsed, since, self._time)

    def watt_hours(self, keys: Sequence[str]) -> Array:
        """Return the energy of about the last day by case, NaN within its first hour."""
        return np.array([self._energy(self._rows.get(f"energy/{key}")) for key in keys])

    def _energy(self, row: _Row | None) -> float:
        if row is None or self._time - row[1] < _HOUR_SECONDS:
            return np.nan
        return float(row[0] * np.exp(-(self._time - row[2]) / DAY_SECONDS) / 3600)

    @property
    def knows_users(self) -> bool:
        """Whether this node was watched for a week."""
        return self._time - self._rows[_BEGUN][1] >= _WEEK_SECONDS

    def new_user(self, words: Mapping[str, str]) -> float:
        """Return 1 for a user who came within the hour, NaN where users are not known yet."""
        if not self.knows_users:
            return np.nan
        row = self._rows.get(f"user/{words.get('user', '?')}")
        return float(row is not None and self._time - row[1] < _HOUR_SECONDS)

    @property
    def has_scheduler(self) -> bool:
        """Whether work came through Slurm or Kubernetes within the last day."""
        return self._recent(_HAS_SCHEDULER)

    @property
    def lists_processes(self) -> bool:
        """Whether the driver ever told of a process here; in some containers it never does."""
        return _LISTS_PROCESSES in self._rows

    @property
    def resolves(self) -> bool:
        """Whether /proc ever showed a process that the driver lists: we are not in a container."""
        return _RESOLVES in self._rows

    def _recent(self, key: str) -> bool:
        row = self._rows.get(key)
        return row is not None and self._time - row[2] < DAY_SECONDS

    def _touch(self, key: str) -> None:
        since = self._rows.get(key, (0.0, self._time, self._time))[1]
        self._rows[key] = (0.0, since, self._time)

    def close(self) -> State:
        """Return what is to be remembered: the latest, within bounds."""
        fresh = [
            (key, row)
            for key, row in self._rows.items()
            if self._time - row[2] < _FORGET_SECONDS or key in (_LISTS_PROCESSES, _RESOLVES)
        ]
        fresh.sort(key=lambda item: (-item[1][2], item[0]))
        fresh = sorted(fresh[: SHAPE.rows])
        values = np.array([row for _, row in fresh], dtype=np.float64)
        return State(tuple(key for key, _ in fresh), values.reshape(len(fresh), 3))
