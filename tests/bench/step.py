"""One second of judging

The real pipeline with every detector, and the metrics page as its sink, fed with made-up snapshots
of every real table, each as often as its sampler would; all numbers change each time, which is the
worst case. The page is asked for every five seconds. The first seconds, in which every word is new,
are left out. The naive twin does a part of the work only: a loop over dictionaries that subtracts
each number from its last.
"""

from __future__ import annotations

import time

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.app.sampling import periods
from aisec_daemon.app.settings import load
from aisec_daemon.model import Snapshot, Table, Tick
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.sinks.metrics import Metrics
from tests.bench.report import median, spread, table

GPUS, PROCESSES = (8, 16), (200, 2000)
WARM_UP, SECONDS, SHARE = 10, 100, 10
SCRAPE_SECONDS = 5
BEGIN = 1_790_000_000.0
QUIET = {"age_seconds": 0.0, "read_age_seconds": 0.0, "shed_steps": 0.0}  # nothing is amiss
QUIET |= {"cpu_budget_ratio": 1e9, "memory_budget_bytes": 1e18}


class Made:
    """A made-up table: the same rows each time, and new numbers."""

    def __init__(self, made: Table, rows: int, processes: int) -> None:
        self._table = made
        self._labels = {label.name: _words(label.name, rows, processes) for label in made.labels}
        self._subjects = tuple(_subject(made.name, row, processes) for row in range(rows))
        self._noise = np.random.default_rng(1)

    def at(self, second: int) -> Snapshot:
        shape = len(self._subjects), len(self._table.columns)
        values = second + self._noise.random(shape)
        for column in self._table.columns:
            if column.name in QUIET:
                values[:, self._table.index(column.name)] = QUIET[column.name]
        return Snapshot(self._table, BEGIN + second, self._subjects, values, self._labels)


def _process(row: int, processes: int) -> str:
    return f"{1000 + row % processes}:{77 * (row % processes)}"


def _subject(name: str, row: int, processes: int) -> str:
    if name in ("process", "program"):
        return _process(row, processes)
    if name == "gpu_process":
        return f"GPU-{row // 2:08x}/{_process(row, processes)}"
    return f"{'GPU' if name == 'gpu' else name}-{row:08x}"


def _words(name: str, rows: int, processes: int) -> tuple[str, ...]:
    alike = {
        "kind": "gpu",
        "driver": "nvidia",
        "error": "",
        "parent": "",
        "sensor": "",
        "indicators": "",
    }
    if name in alike:
        return (alike[name],) * rows
    if name == "process":
        return tuple(_process(row, processes) for row in range(rows))
    few = {"user": 10, "container": 20, "pod": 20, "unit": 20}.get(name, rows)
    word = "device" if name in ("address", "pci_bus_id") else name
    return tuple(f"{word}-{row % few}" for row in range(rows))


def node(gpus: int, processes: int) -> dict[str, Made]:
    """Return every table of a node of this size."""
    rows = {"gpu": gpus, "gpu_device": gpus, "gpu_process": 2 * gpus}
    rows |= {"process": processes, "cost": 1}
    return {
        name: Made(each, rows.get(name, 20), processes) for name, each in catalogue.tables().items()
    }


class Second:
    """A node of this size, and what one second of it costs."""

    def __init__(self, gpus: int, processes: int) -> None:
        detectors = [plugin() for plugin in catalogue.detectors().values()]
        self._tables = node(gpus, processes)
        self._periods = periods(load(None))
        self._pipeline = Pipeline(catalogue.tables(), detectors, self._periods)
        self._metrics = Metrics([detector.rule for detector in detectors])
        self._last: dict[tuple[str, str, int], float] = {}

    def due(self, second: int) -> list[Snapshot]:
        return [
            made.at(second)
            for name, made in self._tables.items()
            if second % max(self._periods[name], 1.0) == 0
        ]

    def step(self, snapshots: list[Snapshot]) -> list[Tick]:
        return [self._pipeline.step(snapshot) for snapshot in snapshots]

    def show(self, ticks: list[Tick], *, scraped: bool = True) -> None:
        for tick in ticks:
            self._metrics(tick)
        if scraped:
            self._metrics.page()

    def costs(self, second: int) -> tuple[float, float, float]:
        """Return the seconds that step, page and naive twin took."""
        snapshots = self.due(second)
        begun = time.perf_counter()
        ticks = self.step(snapshots)
        stepped = time.perf_counter()
        self.show(ticks, scraped=second % SCRAPE_SECONDS == 0)
        rendered = time.perf_counter()
        for snapshot in snapshots:
            self._naive(snapshot)
        return stepped - begun, rendered - stepped, time.perf_counter() - rendered

    def _naive(self, snapshot: Snapshot) -> dict[tuple[str, str, int], float]:
        risen = {}
        for subject, numbers in zip(snapshot.subjects, snapshot.values.tolist(), strict=True):
            for column, number in enumerate(numbers):
                key = snapshot.table.name, subject, column
                risen[key] = number - self._last.get(key, number)
                self._last[key] = number
        return risen


def row(gpus: int, processes: int) -> list[str]:
    """Measure a node of this size; what is due more rarely is shared out over ten seconds."""
    second = Second(gpus, processes)
    costs = [second.costs(at) for at in range(WARM_UP + SECONDS)][WARM_UP:]
    steps, pages, naive = 1e3 * np.array(costs).reshape(-1, SHARE, 3).mean(axis=1).T
    return [
        f"{gpus}",
        f"{processes}",
        spread(steps),
        spread(pages),
        f"{median(steps + pages) / 10:.2f}",
        spread(naive),
        spread(naive / steps, 1),
    ]


def measure() -> str:
    head = ["GPUs", "processes", "step, ms", "page, ms", "together, % of a core"]
    head += ["naive twin, ms", "twin/step"]
    return table(head, [row(gpus, count) for gpus in GPUS for count in PROCESSES])
