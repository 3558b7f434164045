"""Rendering the metrics page

256 rows of 60 columns, all numbers new at every tick: our renderer, asked for text and OpenMetrics
each time, and prometheus-client's `labels().set()` and `generate_latest()`, in turn. See
[decision 1](decisions/0001-own-renderer.md).
"""

from __future__ import annotations

import time

import numpy as np
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from aisec_daemon.model import Column, Label, Snapshot, Table, Tick
from aisec_daemon.sinks.metrics import Metrics
from tests.bench.report import spread, table

ROWS, COLUMNS, TURNS = 256, 60, 11
TABLE = Table(
    "bench",
    "Rows.",
    tuple(Column(f"m{i}_watts", "Power.") for i in range(COLUMNS)),
    (Label("uuid", "Id."),),
    ("uuid",),
)
UUIDS = tuple(f"GPU-{i:032x}" for i in range(ROWS))


def tick(at: int, values: np.ndarray) -> Tick:
    when = 1000.0 + at / 100  # within five seconds, so that our own cost is read once
    snapshot = Snapshot(TABLE, when, UUIDS, values, {"uuid": UUIDS})
    return Tick(when, snapshot, lambda: np.full_like(values, np.nan), (), ())


def measure() -> str:
    numbers = np.random.default_rng(1).random((TURNS + 1, ROWS, COLUMNS)) * 700
    metrics = Metrics(())
    metrics(tick(0, numbers[0]))
    registry = CollectorRegistry()
    gauges = [Gauge(column.name, "Power.", ["uuid"], registry=registry) for column in TABLE.columns]
    ours, theirs = [], []
    for at, values in enumerate(numbers[1:], 1):
        begun = time.perf_counter()
        metrics(tick(at, values))
        pages = metrics.page(), metrics.page(openmetrics=True)
        between = time.perf_counter()
        for uuid, row in zip(UUIDS, values.tolist(), strict=True):
            for gauge, value in zip(gauges, row, strict=True):
                gauge.labels(uuid).set(value)
        generate_latest(registry)
        ended = time.perf_counter()
        assert all(page.count(b"\naisec_bench_m0_watts{") == ROWS for page in pages), "unrendered"
        ours.append((between - begun) * 1e9 / values.size)
        theirs.append((ended - between) * 1e9 / values.size)
    rows = [
        ["ours, both formats", spread(ours, 0), "1"],
        ["prometheus-client, one format", spread(theirs, 0), spread(np.divide(theirs, ours), 0)],
    ]
    return table(["", "nanoseconds per series and tick", "times ours"], rows)
