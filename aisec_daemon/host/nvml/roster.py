"""The GPUs that ought to be there."""

from __future__ import annotations

import math

from aisec_daemon.host.nvml.reading import GpuReading
from aisec_daemon.host.nvml.record import Record
from aisec_daemon.host.nvml.row import Answer

SILENT_SECONDS = 10.0
"""How long GPUs may take for their first answer: the driver may have to wake each in turn."""


class Roster:
    """Records of GPUs by NVML's index, which may move when the driver enumerates anew.

    A GPU stays on the roster while it does not answer. It goes when NVML, opened afresh, counts
    fewer GPUs and another one has its index. One that NVML counts and that has not answered
    `SILENT_SECONDS` later is on it, too, under a made-up name.
    """

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self.driver_version = ""
        self.count = 0
        self._missing: dict[int, float] = {}  # since when a GPU is counted and has no record

    def enumerate(self, count: int, driver_version: str) -> bool:
        """Note what NVML says of the node; return whether indices may have moved."""
        moved = count != self.count and self.count > 0
        self.count, self.driver_version = count, driver_version
        return moved

    def take(self, answer: Answer, now: float) -> None:
        """Note what reading a GPU gave."""
        record = self._records.get(answer.index)
        if answer.rows:
            uuid = answer.rows[0].identity.uuid
            before = next((i for i, known in self._records.items() if known.uuid == uuid), None)
            if before is not None:
                record = self._records.pop(before)
            elif record and record.identified:
                record = None  # another GPU has taken this place
        record = record or Record(answer.index, now)
        record.take(answer, now)
        self._records[answer.index] = record

    def drop(self, index: int) -> None:
        """Forget a GPU that NVML no longer knows."""
        self._records.pop(index, None)

    def prune(self) -> None:
        """Forget what lies beyond NVML's count, once all others have been heard."""
        for index in [index for index in self._records if index >= self.count]:
            del self._records[index]

    def uuid(self, index: int) -> str:
        """Return a GPU's UUID, empty if it was never read."""
        record = self._records.get(index)
        return record.uuid if record and record.identified else ""

    def by_speed(self, indices: set[int]) -> list[int]:
        """Return indices, the fastest to read first: behind a slow one nobody should wait."""
        return sorted(indices, key=lambda index: (self._seconds(index), index))

    def show(self, now: float) -> tuple[GpuReading, ...]:
        """Return all GPUs in the order of their indices, each with its MIG instances."""
        missing = set(range(self.count)) - self._records.keys()
        self._missing = {index: self._missing.get(index, now) for index in missing}
        for index, since in self._missing.items():
            if now - since >= SILENT_SECONDS:
                self._records[index] = Record(index, since)
        return tuple(
            reading
            for index in sorted(self._records)
            for reading in self._records[index].show(index, now)
        )

    def _seconds(self, index: int) -> float:
        record = self._records.get(index)
        seconds = record.read_seconds if record else math.nan
        return math.inf if math.isnan(seconds) else seconds
