"""A node of one GPU or a few for the tests of drift, lived second by second."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.drift import Drift, budget, ledger
from aisec_daemon.detectors.drift.pool import Pool
from aisec_daemon.model import Snapshot, State, View

BEGIN = 1_790_000_000.0
TABLES = catalogue.tables()
RATES = Drift().reads[1].columns


def gpu_view(time, power, utilization=0.9):
    """GPUs by UUID with the power of each."""
    rows = {
        uuid: (
            {"power_watts": watts, "utilization_ratio": utilization, "temperature_celsius": 60.0},
            {"name": "H100", "kind": "gpu", "uuid": uuid},
        )
        for uuid, watts in power.items()
    }
    now = Snapshot.from_rows(TABLES["gpu"], time, rows)
    past = {name: np.zeros((1, len(rows)), np.float32) for name in RATES}
    return View(time, now, np.array([time]), past)


def process_view(time, programs):
    """Programs by subject: GPU, executable, user, memory in use, container and script."""
    rows = {
        subject: (
            {"memory_used_bytes": memory, "sm_utilization_ratio": 0.9},
            {
                "uuid": gpu,
                "executable": executable,
                "user": user,
                "container": container,
                "script": script,
            },
        )
        for subject, (gpu, executable, user, memory, container, script) in programs.items()
    }
    now = Snapshot.from_rows(TABLES["gpu_process"], time, rows)
    return View(time, now, np.empty(0), {})


class Node:
    """A node whose power is told second by second."""

    def __init__(self, detector=None):
        self.detector = detector or Drift(false_alarms_per_gpu_week=100.0, learn=600)
        self.state = State.empty(Drift.memory)
        self.time = BEGIN
        self.noise = np.random.default_rng(1)
        self.verdict = None

    def live(
        self,
        seconds,
        power=300.0,
        program="/opt/train",
        user="ada",
        pid="1",
        gpu="GPU-a",
        lag=0.0,
        memory=2e9,
        script="",
    ):
        """Return what was told: second, case, reason."""
        told = []
        for second in range(seconds):
            self.time += 1.0
            watts = power + self.noise.normal() * 3
            programs = {f"{gpu}/{pid}": (gpu, program, user, memory, "", script)} if program else {}
            views = (process_view(self.time, programs), gpu_view(self.time - lag, {gpu: watts}))
            self.state.values.setflags(write=False)
            self.state, self.verdict = self.detector(self.state, *views)
            told += [
                (second, self.verdict.keys[row], self.verdict.reasons[row])
                for row in np.flatnonzero(self.verdict.score >= 1)
            ]
        return told


def calibrated(node):
    """Let the node have seen enough blocks: maxima as plain noise has them."""
    book = ledger.Ledger(node.state, Drift.memory.rows)
    draws = np.random.default_rng(5).exponential(size=(2000, 3)) * (2.0, 10.0, 0.1)
    for kind in {key.rsplit("/", 1)[1] for key in book.keys if key.startswith(("work", "gpu"))}:
        budget.note(book, kind, draws.astype(np.float32), node.time)
        Pool(book.plain(budget.LOCAL + kind)).watch(budget.ENOUGH_SPANS)
    node.state = book.state()
    return node


def copy_of(node):
    again = Node(node.detector)
    again.state, again.time = node.state, node.time
    again.noise = np.random.default_rng(2)
    return again
