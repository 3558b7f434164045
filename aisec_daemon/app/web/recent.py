"""Recent: the last minutes of every GPU, and the latest of what else the page for people shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import Snapshot, Tick
from aisec_daemon.model.snapshot import Word

WINDOW_SECONDS = 300.0
_STEP_SECONDS = 2.0
_ROWS = 128  # GPUs and MIG instances; more are not drawn
_DRAWN = ("utilization_ratio", "power_watts", "memory_used_bytes")


@dataclass(frozen=True, eq=False)
class Course:
    """One GPU or MIG instance: `times` (T,) and, for each drawn column, its numbers (T,).

    `numbers` are the latest readings, NaN if unread; `gone` if the latest reading did not list it.
    """

    uuid: str
    words: Mapping[str, Word]
    numbers: Mapping[str, float]
    times: NDArray[np.float64]
    past: Mapping[str, NDArray[np.float32]]
    gone: bool


@dataclass(frozen=True, eq=False)
class _Instant:
    time: float
    subjects: tuple[str, ...]
    values: NDArray[np.float32]  # (S, drawn)


class Recent:
    """Takes ticks from one thread and is asked by others; bounded in rows and in time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._instants: deque[_Instant] = deque(maxlen=int(WINDOW_SECONDS / _STEP_SECONDS) + 1)
        self._rows: dict[str, tuple[Snapshot, int]] = {}  # the last of each, and where in it
        self._latest: dict[str, Snapshot] = {}

    def __call__(self, tick: Tick) -> None:
        """Keep what the page shows."""
        snapshot = tick.snapshot
        name = snapshot.table.name
        if name not in {"gpu", "gpu_process", "upkeep"}:
            return
        with self._lock:
            self._latest[name] = snapshot
            if name == "gpu":
                self._keep(snapshot)

    def latest(self, table: str) -> Snapshot | None:
        """Return the last snapshot of `gpu`, `gpu_process` or `upkeep`."""
        with self._lock:
            return self._latest.get(table)

    def courses(self) -> tuple[Course, ...]:
        """Return every GPU of the last minutes, those that are gone at the end."""
        with self._lock:
            instants = tuple(self._instants)
            rows = dict(self._rows)
            latest = self._latest.get("gpu")
        if latest is None:
            return ()
        present = [uuid for uuid in latest.subjects if uuid in rows]
        order = [*present, *(uuid for uuid in rows if uuid not in set(present))]
        times = np.array([instant.time for instant in instants])
        past = _past(instants, order)
        return tuple(
            Course(
                uuid,
                *_row(*rows[uuid]),
                times,
                {column: past[:, at, drawn] for drawn, column in enumerate(_DRAWN)},
                gone=at >= len(present),
            )
            for at, uuid in enumerate(order)
        )

    def _keep(self, snapshot: Snapshot) -> None:
        """Keep the latest of each row, and add a point to the past if the last is old enough."""
        last = self._instants[-1].time if self._instants else -np.inf
        if snapshot.time < last:  # the clock of a recording that begins anew
            self._instants.clear()
        if not 0 <= snapshot.time - last < _STEP_SECONDS:
            self._append(snapshot)
        for at, uuid in enumerate(snapshot.subjects[:_ROWS]):
            self._rows[uuid] = (snapshot, at)

    def _append(self, snapshot: Snapshot) -> None:
        """Add a point to the past, drop those that are too old, and forget who has none left."""
        drawn = [snapshot.table.index(column) for column in _DRAWN]
        values = snapshot.values[:_ROWS, drawn].astype(np.float32)
        self._instants.append(_Instant(snapshot.time, snapshot.subjects[:_ROWS], values))
        while self._instants[0].time < snapshot.time - WINDOW_SECONDS:
            self._instants.popleft()
        seen = {subject for instant in self._instants for subject in instant.subjects}
        self._rows = {uuid: row for uuid, row in self._rows.items() if uuid in seen}


def _row(snapshot: Snapshot, at: int) -> tuple[Mapping[str, Word], Mapping[str, float]]:
    """Return the words and the numbers of one row."""
    numbers = zip(snapshot.table.column_names, snapshot.values[at].tolist(), strict=True)
    return {name: column[at] for name, column in snapshot.labels.items()}, dict(numbers)


def _past(instants: tuple[_Instant, ...], order: list[str]) -> NDArray[np.float32]:
    """Return (T, S, drawn); NaN where a GPU was not listed."""
    places = {uuid: at for at, uuid in enumerate(order)}
    past = np.full((len(instants), len(order), len(_DRAWN)), np.nan, dtype=np.float32)
    for at, instant in enumerate(instants):
        known = [row for row, uuid in enumerate(instant.subjects) if uuid in places]
        past[at, [places[instant.subjects[row]] for row in known]] = instant.values[known]
    return past
