"""Judging mining

One judgement of the rule `mining`, which happens once in two seconds, at 16 GPUs with 200 processes
on them, ten minutes of past, and 2,000 processes in all. The naive twin computes only what the rule
wants to know of the GPUs' past, with loops over lists. Both in processor time.
"""

from __future__ import annotations

import time

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.mining import Mining
from aisec_daemon.detectors.mining.gpus import COLUMNS
from aisec_daemon.model import Snapshot, State, View
from aisec_daemon.pipeline.history import History
from tests import naive
from tests.bench.report import spread, table
from tests.bench.step import BEGIN, Made

GPUS, ON_GPUS, PROCESSES = 16, 200, 2000
SECONDS, TURNS, NAIVE_TURNS = 600, 60, 2
ROWS = {"gpu": GPUS, "gpu_process": ON_GPUS, "process": PROCESSES, "program": ON_GPUS}


class Uses(Made):
    """Processes on GPUs, spread over them."""

    def __init__(self) -> None:
        super().__init__(catalogue.tables()["gpu_process"], ON_GPUS, PROCESSES)
        uuids = tuple(f"GPU-{row % GPUS:08x}" for row in range(ON_GPUS))
        self._labels = self._labels | {"uuid": uuids}
        names = self._labels["process"]
        self._subjects = tuple(f"{u}/{p}" for u, p in zip(uuids, names, strict=True))


def views(detector: Mining) -> list[View]:
    """Return what the rule is given after ten minutes."""
    found = []
    for read in detector.reads:
        made = catalogue.tables()[read.table]
        rows = (
            Uses()
            if read.table == "gpu_process"
            else Made(made, ROWS.get(read.table, 400), PROCESSES)
        )
        period = 5.0 if read.table in ("program", "socket") else 1.0
        history, before = History(made, [read], period), None
        for second in np.arange(0, max(read.window, 2.0) + period, period):
            snapshot: Snapshot = rows.at(int(second))
            history.add(snapshot)
            before = snapshot
        view = history.view(read, before.time)
        found.append(View(BEGIN + SECONDS, view.latest, view.times, view.past))
    return found


def twin(view: View) -> None:
    """Compute a summary of each column of each GPU the slow way."""
    for name in COLUMNS:
        for at in range(GPUS):
            values = naive.column(view[name], at)
            naive.mean(values)
            naive.deviation(values)
            naive.median(values)
            naive.extent(values)


def measure() -> str:
    detector = Mining()
    given = views(detector)
    state, costs, slow = State.empty(detector.memory), [], []
    for turn in range(TURNS):
        begun = time.process_time()
        state, _ = detector(state, *given)
        costs.append((time.process_time() - begun) * 1e3)
        if turn < NAIVE_TURNS:
            begun = time.process_time()
            twin(given[0])
            slow.append((time.process_time() - begun) * 1e3)
    row = [f"{GPUS}", f"{ON_GPUS}", f"{PROCESSES:,}", f"{spread(costs)} ms"]
    ratio = np.median(slow) / np.median(costs)
    row += [f"{np.percentile(costs, 99):.1f} ms", f"{np.median(slow):.0f} ms", f"{ratio:.0f} x"]
    heads = ["GPUs", "on them", "processes", "a judgement", "99 %", "naive twin", "ratio"]
    return table(heads, [row])
