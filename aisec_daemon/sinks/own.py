"""Own: what the daemon is and costs, for the metrics page."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

import aisec_daemon
from aisec_daemon.model.exposition import OWN, Chunk, Family, samples

_BUILD, _, _TREE_CPU, _TREE_MEMORY = OWN


class Own:
    """What the daemon is and costs: prometheus_client's collectors and the process tree."""

    def __init__(self, constant: Mapping[str, str]) -> None:
        self._constant = constant
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._cpu_seconds = 0.0

    def read(self) -> list[Chunk]:
        """Read and render it all."""
        build = {"version": aisec_daemon.__version__, "python": platform.python_version()}
        chunks = [samples(_BUILD, [(build, 1.0)], self._constant)]
        for metric in self._registry.collect():
            name = metric.samples[0].name if metric.samples else metric.name
            family = Family(name, metric.type, metric.documentation)
            of = [(sample.labels, sample.value) for sample in metric.samples]
            chunks.append(samples(family, of, self._constant))
        cpu_seconds, memory_bytes = tree_cost(os.getpid())
        # a child that ends is counted by its parent a little later: the sum never goes back
        self._cpu_seconds = max(self._cpu_seconds, cpu_seconds)
        chunks.append(samples(_TREE_CPU, [({}, self._cpu_seconds)], self._constant))
        chunks.append(samples(_TREE_MEMORY, [({}, memory_bytes)], self._constant))
        return chunks


def tree_cost(root: int) -> tuple[float, float]:
    """Return CPU seconds and bytes of memory of a process and its descendants.

    CPU time includes children that have ended. What ends while it is read counts nothing.
    """
    cpu_seconds = memory_bytes = 0.0
    left = [root]
    while left:
        pid = left.pop()
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            cpu_seconds += sum(psutil.Process(pid).cpu_times()[:4])
            memory_bytes += _memory_bytes(pid)
            left += _children(pid)
    return cpu_seconds, memory_bytes


def _children(pid: int) -> list[int]:
    """Return a process's children (proc(5), task/children), without a walk through all of /proc."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended has no children any more
            found += [int(word) for word in path.read_text().split()]
    return found


def _memory_bytes(pid: int) -> float:
    """Return the proportional share (proc(5), smaps_rollup), or the resident size."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("Pss:"):
            return float(line.split()[1]) * 1024
    return float(psutil.Process(pid).memory_info().rss)
