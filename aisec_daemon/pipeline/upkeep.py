"""Upkeep: what the monitor knows of its own parts, as a table like any other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table

TABLE = Table(
    "upkeep",
    "The daemon's own parts: when each last did its work, what it cost, and what went wrong.",
    columns=(
        Column(
            "last_success_timestamp_seconds",
            "When this part last did its work; absent while it never has.",
            Kind.TIMESTAMP,
        ),
        Column(
            "age_seconds",
            "Time since this part last did its work (or since it began); 0 while it has none.",
        ),
        Column(
            "period_seconds",
            "How often this part should do its work; absent where events call it.",
        ),
        Column("duration_seconds", "How long this part took the last time."),
        Column("busy_seconds", "Time this part took in all.", Kind.COUNTER),
        Column(
            "cpu_seconds",
            "Processor time that it took in all: of its own thread, without other processes'.",
            Kind.COUNTER,
        ),
        Column("runs", "Times this part did its work or tried to.", Kind.COUNTER),
        Column("failed_runs", "Times this part tried and failed.", Kind.COUNTER),
        Column("missed_runs", "Turns this part missed because the last one went on.", Kind.COUNTER),
        Column("shed_runs", "Turns a sampler left out to save what they cost.", Kind.COUNTER),
    ),
    labels=(
        Label("part", "Kind and name of the part: `sampler/gpu`, `detector/blind`."),
        Label("error", "Why it last failed; empty when it works."),
        Label("sensor", "What could not be read then: `nvml`, `proc`; empty for other faults."),
    ),
    series=("part",),
)


@dataclass
class _Record:
    since: float
    period: float
    success: float = math.nan
    duration: float = math.nan
    busy: float = 0.0
    cpu: float = 0.0
    last_cpu: float = 0.0
    runs: int = 0
    failed: int = 0
    missed: int = 0
    shed: int = 0
    error: str = ""
    sensor: str = ""
    meter: Callable[[], float] | None = None

    @property
    def running_cpu(self) -> float:
        """What the turn that goes on has cost so far."""
        return self.meter() if self.meter else 0.0

    def numbers(self, time: float) -> dict[str, float]:
        """Return the row's numbers as of `time`."""
        last = self.since if math.isnan(self.success) else self.success
        if math.isnan(self.period) and not self.error:
            last = time  # nobody called it: it is not late
        return {
            "last_success_timestamp_seconds": self.success,
            "age_seconds": max(time - last, 0.0),
            "period_seconds": self.period,
            "duration_seconds": self.duration,
            "busy_seconds": self.busy,
            "cpu_seconds": self.cpu + self.running_cpu,
            "runs": self.runs,
            "failed_runs": self.failed,
            "missed_runs": self.missed,
            "shed_runs": math.nan if math.isnan(self.period) else self.shed,
        }


class Upkeep:
    """Takes note of every part's work; safe between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: dict[str, _Record] = {}

    def expect(self, part: str, period: float, time: float) -> None:
        """Expect a part to work every `period` seconds from now on (NaN: when it is called)."""
        with self._lock:
            record = self._records.setdefault(part, _Record(time, period))
            record.period = period

    def dismiss(self, part: str) -> None:
        """Forget a part that is no longer there."""
        with self._lock:
            self._records.pop(part, None)

    def begins(self, part: str, meter: Callable[[], float]) -> None:
        """Note that a part's turn has begun; `meter` tells the CPU seconds of it so far.

        It is asked by other threads: a turn that never ends is not to look as if it cost nothing.
        """
        with self._lock:
            if part in self._records:
                self._records[part].meter = meter

    def ran(
        self,
        part: str,
        time: float,
        duration: float,
        error: str = "",
        sensor: str = "",
        *,
        cpu: float = 0.0,
    ) -> bool:
        """Note that a part worked, or failed with `error`; return whether that is news.

        `duration` and `cpu` are seconds by the clock and of the thread's processor. `sensor` names
        what could not be read, so that parts that fail for one reason are one case.
        """
        with self._lock:
            record = self._records.get(part)
            if record is None:
                return False
            news = record.error != error
            record.meter = None
            record.duration = duration
            record.busy += duration
            record.cpu += cpu
            record.last_cpu = cpu
            record.runs += 1
            record.error = error
            record.sensor = sensor
            if error:
                record.failed += 1
            else:
                record.success = time
            return news

    def missed(self, part: str) -> None:
        """Note that a part's turn came while its last one was still going on."""
        with self._lock:
            if part in self._records:
                self._records[part].missed += 1

    def shed(self, part: str) -> None:
        """Note that a part left out its turn."""
        with self._lock:
            if part in self._records:
                self._records[part].shed += 1

    def slowest(self, kind: str) -> float:
        """Return the CPU of a turn as a share of its period, of the worst part of a kind.

        The turn is the last one, or the one that goes on.
        """
        with self._lock:
            shares = [
                max(record.last_cpu, record.running_cpu) / record.period
                for part, record in self._records.items()
                if part.startswith(f"{kind}/") and record.period > 0
            ]
        return max(shares, default=0.0)

    def snapshot(self, time: float) -> Snapshot:
        """Return the table as of `time`."""
        with self._lock:
            rows = {
                part: (
                    record.numbers(time),
                    {"part": part, "error": record.error, "sensor": record.sensor},
                )
                for part, record in self._records.items()
            }
        return Snapshot.from_rows(TABLE, time, rows)
