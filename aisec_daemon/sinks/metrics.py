"""Metrics: the page that Prometheus scrapes, rendered once per tick."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

import psutil
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

import aisec_daemon
from aisec_daemon.model import Rule, Table, Tick
from aisec_daemon.model.exposition import (
    OWN,
    Chunk,
    Family,
    FindingCounts,
    GroupSection,
    Page,
    Rendered,
    RowSection,
    Section,
    samples,
)

_OWN_PERIOD_SECONDS = 5.0
_BUILD, _DROPPED, _TREE_CPU, _TREE_MEMORY = OWN


class Metrics:
    """Keeps the page up to date: one thread calls it, any number read `current`.

    `rules` are those that may open findings; `constant` labels are put on every series;
    `rows_max` is how many single rows of an aggregated table are shown; `series_max` bounds the
    series of each table.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        constant: Mapping[str, str] | None = None,
        rows_max: int = 0,
        series_max: int = 20_000,
    ) -> None:
        self._constant = dict(constant or {})
        self._rows_max = rows_max
        self._series_max = series_max
        self._findings = FindingCounts(rules, self._constant)
        self._sections: dict[str, tuple[Table, Section]] = {}
        self._tables: dict[str, Rendered] = {}
        self._finding_chunks: list[Chunk] = []
        self._gauges: dict[str, Chunk] = {}
        self._own = Own(self._constant)
        self._own_chunks: list[Chunk] = []
        self._own_time = -math.inf
        self._lock = Lock()
        self._count = 0
        self._page = Page.build("0", ())

    def __call__(self, tick: Tick) -> None:
        """Render what this tick brought and publish the page."""
        table = tick.snapshot.table
        rendered = self._section(table).take(tick)
        findings = self._findings.take(tick)
        if not 0 <= tick.time - self._own_time < _OWN_PERIOD_SECONDS:
            self._own_chunks, self._own_time = self._own.read(), tick.time
        with self._lock:
            self._tables[table.name] = rendered
            self._finding_chunks = findings
            self._publish()

    def set_gauge(self, name: str, about: str, value: float) -> None:
        """Show a gauge without labels from now on; any thread may call this."""
        family = Family(name, "gauge", about)
        with self._lock:
            self._gauges[name] = samples(family, [({}, value)], self._constant)
            self._publish()

    @property
    def current(self) -> Page:
        """The page as of the last tick."""
        return self._page

    def page(self, *, openmetrics: bool = False) -> bytes:
        """Return the page as of the last tick in one of its formats."""
        return self._page.plain(openmetrics=openmetrics)

    def _section(self, table: Table) -> Section:
        """Return the table's section; a table declared anew begins anew."""
        known = self._sections.get(table.name)
        if known is not None and known[0] == table:
            return known[1]
        section: Section
        if table.aggregate:
            section = GroupSection(table, self._constant, self._series_max, self._rows_max)
        else:
            section = RowSection(table, self._constant, self._series_max)
        self._sections[table.name] = (table, section)
        return section

    def _publish(self) -> None:
        """Swap the page for a new one; the lock is held."""
        chunks = [chunk for name in sorted(self._tables) for chunk in self._tables[name].chunks]
        dropped = [({"table": name}, float(r.dropped)) for name, r in self._tables.items()]
        chunks += self._finding_chunks
        if dropped:
            chunks.append(samples(_DROPPED, dropped, self._constant))
        chunks += [*self._gauges.values(), *self._own_chunks]
        self._count += 1
        self._page = Page.build(str(self._count), [chunk for chunk in chunks if chunk.body])


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
