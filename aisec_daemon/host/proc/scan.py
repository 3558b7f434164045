"""What one scan of the processes found."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.stat import Numbers

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_UNREAD = (np.nan,) * 5
_STARTS = "starts"


@dataclass(frozen=True, eq=False)
class Scan:
    """Processes and their numbers, one a row: (S,) float64 each, NaN where it was not read.

    `dropped` counts processes that are there but have no row: beyond the limit, or unreadable.
    Scans that found the same identities have the same tuple of them, and the same `made`: there
    whoever makes something of them alone may keep it.
    """

    identities: tuple[ProcessIdentity, ...]
    cpu_seconds: NDArray[np.float64]
    memory_resident_bytes: NDArray[np.float64]
    threads: NDArray[np.float64]
    start_timestamp_seconds: NDArray[np.float64]
    dropped: int
    made: dict[str, Any] = field(default_factory=dict)


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

    def finish(self, boot_seconds: float, before: Scan | None = None) -> Scan:
        """Turn ticks and pages into seconds and bytes; `before` is the scan before this one."""
        flat = chain.from_iterable(self.numbers)
        count = len(self.numbers)
        numbers = np.fromiter(flat, np.float64, count * len(_UNREAD))
        _, ticks, threads, pages, _ = numbers.reshape(count, len(_UNREAD)).T
        identities, made = tuple(self.identities), {}
        if before is not None and before.identities == identities:
            identities, made = before.identities, before.made
        if _STARTS not in made:
            starts = (identity.start_ticks for identity in identities)
            made[_STARTS] = np.fromiter(starts, np.float64, count) / TICKS_PER_SECOND
        return Scan(
            identities=identities,
            cpu_seconds=ticks / TICKS_PER_SECOND,
            memory_resident_bytes=pages * PAGE_BYTES,
            threads=threads,
            start_timestamp_seconds=boot_seconds + made[_STARTS],
            dropped=self.dropped,
            made=made,
        )
