"""What a process and its descendants cost, as the kernel counts it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """CPU seconds since the start; memory in MiB (proc(5), smaps_rollup).

    `pss` is each page divided by how many share it, `private` what only this process has.
    """

    cpu: float = 0.0
    pss: float = 0.0
    private: float = 0.0
    processes: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.cpu + other.cpu,
            self.pss + other.pss,
            self.private + other.private,
            self.processes + other.processes,
        )

    def since(self, before: Cost) -> Cost:
        """Return it with the CPU seconds alone that were spent since `before`."""
        return replace(self, cpu=self.cpu - before.cpu)


def of(pid: int) -> Cost:
    """Return the cost of one process, with the CPU of its children that have ended."""
    times = psutil.Process(pid).cpu_times()[:4]
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kib = {name.rstrip(":"): float(value) for name, value, *_ in map(str.split, lines)}
    private = kib["Private_Clean"] + kib["Private_Dirty"]
    return Cost(sum(times), kib["Pss"] / 1024, private / 1024, 1)


def of_descendants(pid: int) -> Cost:
    """Return the cost of all that a process has started and that still lives."""
    total = Cost()
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            total += of(child.pid)
    return total
