"""GPU unaccounted: memory or load of a GPU that no visible process explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.gpu_unaccounted.holders import (
    Holders,
    comparable,
    groups_of,
    holders_of,
)
from aisec_daemon.model import Read, Rule, Severity, Snapshot, State, StateShape, Verdict, View

_STALE_SECONDS = 5.0  # between the readings of GPUs and processes
_STEP_SECONDS = 5.0  # a gap counts as this much at most
_FULL = 1.5  # times `after`: no more is remembered, so that it is over soon
_ROWS = 1024
_FACTS = ("unaccounted_bytes", "used_bytes", "utilization_ratio", "seen_processes", "unseen_pids")


@dataclass(frozen=True)
class _Row:
    """What one GPU shows now, NaN where it cannot be judged."""

    uuid: str
    excess: float
    used: float
    utilization: float
    loaded: float  # 1: busy, and nobody is on it
    holders: Holders


@dataclass(frozen=True)
class GpuUnaccounted:
    """Weighs used memory against the sum over processes, and load against there being any.

    Seconds for which that is so are added up, those for which it is not are taken off again: a
    process that is starting passes, one that restarts every minute does not.
    """

    rule: ClassVar[Rule] = Rule(
        "gpu_unaccounted",
        title="GPU memory or load without a process",
        severity=Severity.HIGH,
        technique="T1014",
        benign="Unified memory, which the driver does not count as its process's; a GPU lent to "
        "virtual machines; memory that a process left behind when it was killed.",
        hold=0.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = StateShape(
        version=1, fields=("memory_seconds", "load_seconds", "seen_timestamp_seconds"), rows=_ROWS
    )
    peers: ClassVar[bool] = True  # instances of one GPU share its memory

    after: Annotated[float, "seconds before it is told"] = 60.0
    floor_bytes: Annotated[float, "memory that needs no explanation"] = 300.0 * 2**20
    process_bytes: Annotated[float, "so much more of it for each process"] = 16.0 * 2**20
    load_ratio: Annotated[float, "utilisation that needs no process"] = 0.05
    shared: Annotated[bool, "also judge memory beside processes that are seen"] = True

    def __post_init__(self) -> None:
        if min(self.after, self.floor_bytes, self.load_ratio) <= 0 or self.process_bytes < 0:
            raise ValueError("after, floor_bytes and load_ratio must be more than 0")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of the GPUs calls it; of a log of GPUs alone nothing can be said."""
        return (Read("gpu"), Read("gpu_process", needed=True), Read("process_view"))

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge what lasts."""
        gpus, processes, seen = views
        if gpus is None or processes is None:
            return state, Verdict((), np.empty(0))
        fresh = abs(gpus.time - processes.latest.time) <= _STALE_SECONDS
        judged = fresh and seen is not None and comparable(seen.latest)
        rows = self._rows(gpus.latest, processes.latest if judged else None)
        known = dict(zip(state.keys, state.values.tolist(), strict=True))
        weighed = {row.uuid: self._weigh(row, known.get(row.uuid), gpus.time) for row in rows}
        keys, values = self._remembered({**known, **weighed}, gpus.time)
        return State(keys, values), self._verdict(rows, [weighed[row.uuid] for row in rows])

    def _remembered(
        self, known: dict[str, list[float]], time: float
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Forget GPUs that are gone for long."""
        recent = sorted(uuid for uuid, row in known.items() if time - row[2] < 10 * self.after)
        keys = tuple(recent[:_ROWS])
        return keys, np.array([known[uuid] for uuid in keys]).reshape(len(keys), 3)

    def _rows(self, gpus: Snapshot, processes: Snapshot | None) -> list[_Row]:
        """Put together what each GPU shows."""
        groups = groups_of(gpus)
        holders = holders_of(gpus, processes, groups)
        split = set(gpus.labels["parent"])
        rows = []
        for at, uuid in enumerate(gpus.subjects):
            held = holders[groups[at]]
            reserved = gpus["memory_reserved_bytes"][at]  # unread: it is part of what is used
            used = float(gpus["memory_used_bytes"][at] + 0.0 * reserved)
            allowance = self.process_bytes * held.seen
            excess = used - held.explained - allowance + 0.0 * held.listed
            if uuid in split or (held.seen and not self.shared):
                excess = 0.0
            load = float(gpus["utilization_ratio"][at])
            idle = held.listed == 0 and uuid not in split
            loaded = float(idle and load >= self.load_ratio) + 0.0 * (load + held.listed)
            rows.append(_Row(uuid, excess, used, load, loaded, held))
        return rows

    def _weigh(self, row: _Row, before: Sequence[float] | None, time: float) -> list[float]:
        """Return the seconds for which memory and load have been without a process, and now."""
        memory, load, last = before or (0.0, 0.0, time)
        step = min(max(time - last, 0.0), _STEP_SECONDS)
        most = _FULL * self.after
        if not np.isnan(row.excess):
            memory += step if row.excess >= self.floor_bytes else -step
        if not np.isnan(row.loaded):
            load += step if row.loaded else -step
        return [min(max(memory, 0.0), most), min(max(load, 0.0), most), time]

    def _score(self, row: _Row, seconds: Sequence[float]) -> float:
        """Score the worse of the two; what is not so at present is below the line."""
        memory, load = seconds[0] / self.after, seconds[1] / self.after
        if row.loaded != 1:
            load = min(load, 0.9)
        if np.isnan(row.excess):
            return load if load >= 1 else np.nan
        return max(memory if row.excess >= self.floor_bytes else min(memory, 0.9), load)

    def _verdict(self, rows: Sequence[_Row], weighed: Sequence[Sequence[float]]) -> Verdict:
        scores = np.array([self._score(*pair) for pair in zip(rows, weighed, strict=True)])
        facts = [
            (r.excess, r.used, r.utilization, float(r.holders.seen), " ".join(r.holders.unseen))
            for r in rows
        ]
        return Verdict(
            tuple(row.uuid for row in rows),
            scores.astype(np.float64),
            {name: tuple(fact[at] for fact in facts) for at, name in enumerate(_FACTS)},
            tuple(self._reason(*pair) for pair in zip(rows, scores, strict=True)),
            severities=tuple(
                Severity.WARNING if r.holders.seen and not r.holders.unseen else Severity.HIGH
                for r in rows
            ),
        )

    def _reason(self, row: _Row, score: float) -> str:
        if not score >= 1:
            return ""
        if not row.excess >= self.floor_bytes:
            return f"GPU {row.uuid} is {row.utilization:.0%} busy although no process is on it"
        held = row.holders
        share = f"{row.excess / 1e9:.2f} of {row.used / 1e9:.2f} GB in use"
        reason = f"GPU {row.uuid}: {share} belong to no process that is seen"
        if held.unseen:
            return f"{reason}; NVML lists pid {', '.join(held.unseen)}, which /proc does not know"
        if held.seen:
            return f"{reason}; unified memory of the {held.seen} that are seen would look the same"
        busy = f", and it is {row.utilization:.0%} busy" if row.utilization >= 0 else ""
        return f"{reason}: none is on it{busy}"
