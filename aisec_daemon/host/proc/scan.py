"""What one scan of the processes found."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.stat import Numbers

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_UNREAD = (np.nan,) * 5


@dataclass(frozen=True, eq=False)
class Scan:
    """Processes and their numbers, one a row: (S,) float64 each, NaN where it was not read.

    `dropped` counts processes that are there but have no row: beyond the limit, or unreadable.
    """

    identities: tuple[ProcessIdentity, ...]
    cpu_seconds: NDArray[np.float64]
    memory_resident_bytes: NDArray[np.float64]
    threads: NDArray[np.float64]
    start_timestamp_seconds: NDArray[np.float64]
    dropped: int


@dataclass(slots=True)
class Rows:
    """A scan in the making."""

    identities: list[ProcessIdentity] = field(default_factory=list)
    numbers: list[tuple[float, ...]] = field(default_factory=list)
    dropped: int = 0

    def add(self, identity: ProcessIdentity, numbers: Numbers | None) -> None:
        """Add a process with the numbers of its stat, if that was read."""
        self.identities.append(identity)
        self.numbers.append(_UNREAD if numbers is None else numbers)

    def finish(self, boot_seconds: float) -> Scan:
        """Turn ticks and pages into seconds and bytes."""
        _, ticks, threads, pages, _ = np.array(self.numbers, np.float64).reshape(-1, 5).T
        starts = np.array([identity.start_ticks for identity in self.identities], np.float64)
        return Scan(
            identities=tuple(self.identities),
            cpu_seconds=ticks / TICKS_PER_SECOND,
            memory_resident_bytes=pages * PAGE_BYTES,
            threads=threads,
            start_timestamp_seconds=boot_seconds + starts / TICKS_PER_SECOND,
            dropped=self.dropped,
        )
