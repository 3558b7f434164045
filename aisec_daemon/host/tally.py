"""How often each source was asked, what it answered and what that cost."""

from __future__ import annotations

import math
from collections import defaultdict
from threading import Lock
from typing import NamedTuple


class Call(NamedTuple):
    """One kind of answer of one kind of call: `nvml`, `nvmlDeviceGetMemoryInfo_v2`, `SUCCESS`."""

    sensor: str
    call: str
    code: str


class Tally:
    """Counts of calls and the seconds they took, by call and answer; safe between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[Call, list[float]] = defaultdict(lambda: [0.0, math.nan])

    def add(self, call: Call, count: float = 1.0, seconds: float = math.nan) -> None:
        """Count `count` more answers of this kind, which took `seconds` together if measured."""
        with self._lock:
            cell = self._counts[call]
            cell[0] += count
            if not math.isnan(seconds):
                cell[1] = seconds if math.isnan(cell[1]) else cell[1] + seconds

    def rows(self) -> list[tuple[Call, float, float]]:
        """Return call, count and seconds (NaN: not measured), in the order of the calls' names."""
        with self._lock:
            return sorted((call, cell[0], cell[1]) for call, cell in self._counts.items())
