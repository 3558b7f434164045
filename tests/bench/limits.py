"""Extremes

A real daemon at its defaults, where a node is larger or wilder than any that it was made for, for a
hundred and fifty seconds each: what it still keeps, and what it says that it does not. `late` is
the largest age of a GPU's reading, asked twice a second; `missed` are turns of the samplers of GPUs
that came while the last one was going on; `behind` is for how long at most the pipeline had not
come to the end of its queue. What is shed, and why, is what the finding `over_budget` says then.
The fake driver, written in Python, runs in the daemon's child, and what starts the processes takes
a core of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.bench import cost
from tests.bench.crowd import crowd
from tests.bench.report import table
from tests.daemon import Running, running
from tests.fake_nvml import scenario

SETTLE_SECONDS, SECONDS, LOOK_SECONDS = 5.0, 150.0, 0.5

# Starts so many programs a second; each ends at once, and nobody waits for it.
_STARTER = """
import os, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
rate, started, begun = float(sys.argv[1]), 0, time.monotonic()
while os.getppid() != 1:
    while started < rate * (time.monotonic() - begun):
        os.posix_spawn("/bin/true", ["true"], {})
        started += 1
    time.sleep(0.005)
"""


_AGES = ("aisec_gpu_read_age_seconds{", 'aisec_upkeep_age_seconds{part="sampler/gpu"}')


@dataclass(frozen=True)
class Situation:
    """A node that is too much."""

    name: str
    processes: int = 200
    gpus: int = 8
    on_each_gpu: int = 2
    starts_per_second: int = 0


SITUATIONS = (
    Situation("a usual node"),
    Situation("20,000 processes", processes=20_000),
    Situation("16 GPUs, 500 processes on each", processes=8_500, gpus=16, on_each_gpu=500),
    Situation("1,000 programs started a second", starts_per_second=1000),
)


@contextmanager
def starting(rate: int) -> Iterator[None]:
    """Start and end so many programs a second."""
    with subprocess.Popen([sys.executable, "-S", "-c", _STARTER, f"{rate}"]) as starter:
        try:
            yield
        finally:
            starter.kill()


def crowd_gpus(file: Path, situation: Situation, pids: list[int]) -> None:
    """Write a driver's world with that many processes on each GPU."""
    made = scenario.node(gpus=situation.gpus)
    for index, gpu in enumerate(made["gpus"]):
        mine = pids[index * situation.on_each_gpu :][: situation.on_each_gpu]
        gpu["processes"] = [scenario.process(pid, memory=2**26) for pid in mine]
    scenario.write(file, made)


@dataclass
class Seen:
    """The worst that the page told."""

    late: float = 0.0
    behind: float = 0.0
    steps: float = 0.0

    def look(self, daemon: Running) -> None:
        for line in daemon.get(timeout=20.0).splitlines():
            name, _, value = line.rpartition(" ")
            if name.startswith(_AGES):
                self.late = max(self.late, float(value))
            elif name == "aisec_cost_behind_seconds":
                self.behind = max(self.behind, float(value))
            elif name == "aisec_cost_shed_steps":
                self.steps = float(value)


def missed(daemon: Running) -> float:
    """Return turns that the samplers of GPUs missed."""
    names = ("gpu", "gpu_process")
    turns = [daemon.value("aisec_upkeep_missed_runs_total", part=f"sampler/{n}") for n in names]
    return sum(turn or 0.0 for turn in turns)


def said(daemon: Running) -> str:
    """Return what the last line of the log says that is read more rarely."""
    lines = [line for line in daemon.log if "read more rarely, since" in line]
    return lines[-1].partition("read more rarely, ")[2] if lines else "nothing"


def row(situation: Situation, seconds: float) -> list[str]:
    load = starting(situation.starts_per_second) if situation.starts_per_second else nullcontext()
    with crowd(situation.processes) as pids, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = folder / "world.json"
        crowd_gpus(world, situation, pids)
        with load, running(folder / "state", world=world) as daemon:
            daemon.wait(lambda: daemon.ready, 60.0)
            time.sleep(SETTLE_SECONDS)
            pid, turns, seen = daemon.process.pid, missed(daemon), Seen()
            before = cost.of(pid) + cost.of_descendants(pid)
            begun = time.monotonic()
            while time.monotonic() - begun < seconds:
                time.sleep(LOOK_SECONDS)
                seen.look(daemon)
            passed = time.monotonic() - begun
            spent = (cost.of(pid) + cost.of_descendants(pid)).since(before)
            turns = missed(daemon) - turns
            daemon.signal(15)
            daemon.process.wait(20)
    return [
        situation.name,
        f"{spent.cpu / passed:.2f}",
        f"{spent.pss:.0f}",
        f"{seen.late:.1f}",
        f"{turns:.0f}",
        f"{seen.behind:.1f}",
        f"{seen.steps:.0f}",
        said(daemon),
    ]


def measure() -> str:
    head = ["node", "cores", "PSS, MiB", "late, s", "missed", "behind, s", "steps", "shed, and why"]
    return table(head, [row(situation, SECONDS) for situation in SITUATIONS])
