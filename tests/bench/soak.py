"""Hours of coming and going

First the real samplers, pipeline, page and journal in one process, hours of simulated time in two
minutes: 110 kinds of processes begin and end (one in 250 is called like a miner), GPUs go and come
back, findings open and close, the journal may hold 1.25 MiB, the detectors' memory in it, beside
SQLite's log of 4 MiB. Then a real daemon for a minute, whose GPUs hang, fall off the bus and come
back, and whose driver is loaded anew, again and again; its memory is told without a claim, since
its windows do not fill in a minute, and descriptors without those that keep /proc/PID/stat of each
process open. Memory is what is shared with nobody (smaps_rollup); in the first part after Python's
collector has run and the C library was asked to give back what is free (malloc_trim): what grows
then is kept. The first look comes after an hour: the windows of all detectors have filled then, and
caches and memories that are bounded have what they may have.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from aisec_daemon.app import catalogue, state
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.settings import load
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.journal.journal import FILE, Journal
from aisec_daemon.journal.limits import Limits
from aisec_daemon.model import Tick
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.samplers import Sampler
from aisec_daemon.sinks.metrics import Metrics
from tests.bench import cost
from tests.bench.churn import ChurningNode
from tests.bench.node import busy_node
from tests.bench.report import table
from tests.daemon import running
from tests.fake_nvml import scenario
from tests.host.proc.tree import descriptors

BEGIN = 1_790_000_000.0
PROCESSES, BIRTHS = 400, 25  # each second
WARM_UP, SECONDS = 3600, 4000
LIMIT_BYTES = 5 << 18
SAVE_SECONDS = 60
SCRAPE_SECONDS = 15
ROUNDS, ROUND_SECONDS = 10, 6.0


@dataclass(frozen=True)
class Held:
    """What the process holds at an instant, and what has happened until then."""

    private_mib: float
    descriptors: int
    journal_mib: float
    born: int
    gone: int
    opened: int
    closed: int
    seconds: int

    def cells(self) -> list[str]:
        return [
            f"{self.seconds / 3600:.1f}",
            f"{self.born:,}",
            f"{self.gone}",
            f"{self.opened}",
            f"{self.closed}",
            f"{self.journal_mib:.1f}",
            f"{self.descriptors}",
            f"{self.private_mib:.2f}",
        ]


class Soak:
    """The whole way from files to journal, for as long as one likes."""

    def __init__(self, folder: Path, processes: int = PROCESSES) -> None:
        root = folder / "root"
        root.mkdir()
        settings = load(None)
        self.node = ChurningNode(root, processes)
        self._samplers = settings.enabled("samplers")
        pace = Pace({s.table.name: s.period for s in self._samplers}, lambda table: 1)
        detectors = settings.enabled("detectors")
        self._pipeline = Pipeline(catalogue.tables(), detectors, pace.periods)
        self._file = folder / FILE
        self._journal = Journal(folder, BEGIN, Limits(size_max_bytes=LIMIT_BYTES))
        self._page = Metrics([detector.rule for detector in detectors])
        self._opened = self._closed = self._second = 0

    def run(self, seconds: int, births: int = BIRTHS) -> None:
        """Let so much time pass."""
        for _ in range(seconds):
            self._second += 1
            self.node.pass_to(self._second, births)
            for sampler in self._samplers:
                if self._second % max(int(sampler.period), 1) == 0:
                    self._read(sampler)
            if self._second % SAVE_SECONDS == 0:
                self._journal.keep(state.keep(self._pipeline, BEGIN + self._second))

    def _read(self, sampler: Sampler) -> None:
        try:
            snapshot = sampler.read(self.node.host, BEGIN + self._second)
        except UnreadableError:  # there is no PCI bus in a folder
            return
        self._take(self._pipeline.step(snapshot))

    def _take(self, tick: Tick) -> None:
        self._journal(tick)
        self._page(tick)
        if tick.time % SCRAPE_SECONDS < 1:
            self._page.page()
        words = [change.what for change in tick.changes]
        self._opened += words.count("opened")
        self._closed += words.count("closed")

    def held(self) -> Held:
        """Wait for the disk, give back what is free, and look."""
        end = time.monotonic() + 20
        while not self._journal.settled and time.monotonic() < end:
            time.sleep(0.05)
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        return Held(
            cost.of(os.getpid()).private,
            descriptors(),
            self._file.stat().st_size / 2**20,
            self.node.crowd.born,
            self.node.gone,
            self._opened,
            self._closed,
            self._second,
        )

    def close(self) -> None:
        self._journal.close()
        self.node.processes.close()


def troubles(world: dict, turn: int) -> dict:
    """Return the driver's world in one of its bad moments."""
    kind, victim = turn % 3, world["gpus"][turn % len(world["gpus"])]
    if kind == 0:
        victim["hang"] = {"nvmlDeviceGetMemoryInfo_v2": 3}
    elif kind == 1:
        victim["code"] = 15  # GPU_IS_LOST
    else:
        world["gpus"].remove(victim)
    world["driver"]["generation"] = 1 + turn // 3  # loaded anew
    return world


def real_daemon() -> list[list[str]]:
    """Return what a daemon holds before and after a minute of trouble."""
    with busy_node(200) as (folder, file), running(folder / "state", world=file) as daemon:
        daemon.wait(lambda: daemon.ready)
        time.sleep(ROUND_SECONDS)
        held = [_holds(daemon.process.pid, "before")]
        for turn in range(ROUNDS):
            scenario.write(file, troubles(scenario.node(gpus=8), turn))
            time.sleep(ROUND_SECONDS / 2)
            healthy = scenario.node(gpus=8)
            healthy["driver"]["generation"] = 1 + turn // 3
            scenario.write(file, healthy)
            time.sleep(ROUND_SECONDS / 2)
        time.sleep(2 * ROUND_SECONDS)
        held.append(_holds(daemon.process.pid, f"after {ROUNDS} troubles"))
        daemon.stop()
    return held


def _holds(pid: int, when: str) -> list[str]:
    process = psutil.Process(pid)
    spent = cost.of(pid) + cost.of_descendants(pid)
    children = len(process.children(recursive=True))
    numbers = [_other_descriptors(pid), process.num_threads(), children]
    return [when, *map(str, numbers), f"{spent.private:.1f}"]


def _other_descriptors(pid: int) -> int:
    """Count those that are not the stat of a process, of which there is one for each."""
    links = [each.readlink().as_posix() for each in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(1 for link in links if not re.fullmatch(r"/proc/\d+/stat", link))


def measure() -> str:
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder))
        soak.run(WARM_UP)
        warm = soak.held()
        soak.run(SECONDS)
        end = soak.held()
        soak.close()
    head = ["hours", "processes born", "GPUs gone", "findings opened", "closed"]
    head += ["journal, MiB", "descriptors", "private, MiB"]
    compressed = table(head, [warm.cells(), end.cells()])
    head = ["real daemon", "descriptors", "threads", "children", "private, MiB"]
    return f"{compressed}\n\n{table(head, real_daemon())}"
