"""What this very process and its descendants cost, as the kernel counts it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import NamedTuple

from aisec_daemon.host.proc.stat import split
from aisec_daemon.host.slurp import slurp

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_CHILDREN_BYTES = 1 << 20
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _CHILDREN_UTIME, _CHILDREN_STIME, _RSS = 11, 12, 13, 14, 21  # after the name


class Usage(NamedTuple):
    """CPU seconds since the start, and bytes of memory; children's are those of all descendants.

    Memory is the proportional share (Pss of smaps_rollup), or the resident size of a process
    whose share cannot be read. CPU includes children that have ended.
    """

    own_cpu_seconds: float
    child_cpu_seconds: float
    own_memory_bytes: float
    child_memory_bytes: float

    @property
    def cpu_seconds(self) -> float:
        """CPU of the whole tree."""
        return self.own_cpu_seconds + self.child_cpu_seconds

    @property
    def memory_bytes(self) -> float:
        """Memory of the whole tree."""
        return self.own_memory_bytes + self.child_memory_bytes


class Own:
    """Reads what the process costs; its CPU never goes back."""

    def __init__(self) -> None:
        self._child_cpu_seconds = 0.0

    def read(self) -> Usage:
        """Read it all; what ends while it is read counts nothing."""
        times, pid = os.times(), os.getpid()
        cpu, memory = times.children_user + times.children_system, 0.0
        left = _children(pid)
        while left:
            child = left.pop()
            with suppress(OSError, ValueError):
                cpu += _cpu_seconds(child)
                memory += _memory_bytes(child)
                left += _children(child)
        # a child that ends is counted by its parent a little later: the sum never goes back
        self._child_cpu_seconds = max(self._child_cpu_seconds, cpu)
        return Usage(process_time(), self._child_cpu_seconds, _memory_bytes(pid), memory)


def _children(pid: int) -> list[int]:
    """Return a process's children (proc(5), task/children), without a walk through all of /proc."""
    found: list[int] = []
    tasks = f"/proc/{pid}/task"
    for thread in os.listdir(tasks):  # noqa: PTH208 - a Path for each costs more than reading it
        with suppress(OSError):  # a thread that has just ended has no children any more
            found += map(int, slurp(f"{tasks}/{thread}/children", _CHILDREN_BYTES).split())
    return found


def _fields(pid: int) -> list[bytes]:
    return split(Path(f"/proc/{pid}/stat").read_bytes())[1]


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of its children that have ended (proc(5), stat)."""
    fields = _fields(pid)
    parts = (_UTIME, _STIME, _CHILDREN_UTIME, _CHILDREN_STIME)
    return sum(int(fields[at]) for at in parts) / _TICKS_A_SECOND


def _memory_bytes(pid: int) -> float:
    """Return the proportional share (proc(5), smaps_rollup), or the resident size."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("Pss:"):
            return float(line.split()[1]) * 1024
    return float(_fields(pid)[_RSS]) * _PAGE_BYTES
