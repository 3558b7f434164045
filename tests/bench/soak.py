"""Hours of coming and going

The real samplers, pipeline, page and journal in one process, hours of simulated time in a minute or
two: processes begin and end (one in 500 bears a miner's name, at a path of its own), GPUs go and
come back, findings open and close by the hundred, the journal may hold 2 MiB. All of it is what
disk, sockets and driver are not: see `python -m tests.bench steady` for a real daemon. Memory is
what is shared with nobody (smaps_rollup), after Python's collector has run and the C library was
asked to give back what is free (malloc_trim): what grows then is kept. It is taken after the windows of all
detectors have filled, and at the end.
"""

from __future__ import annotations

import ctypes
import gc
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.app import catalogue
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.settings import load
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.journal.journal import FILE, Journal
from aisec_daemon.journal.limits import Limits
from aisec_daemon.model import Tick
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.sinks.metrics import Metrics
from tests.bench.churn import ChurningNode
from tests.bench.cost import of
from tests.bench.report import table
from tests.host.proc.tree import descriptors

BEGIN = 1_790_000_000.0
PROCESSES, BIRTHS = 400, 25  # each second
WARM_UP, SECONDS = 1500, 4000
LIMIT_BYTES = 2 << 20
SAVE_SECONDS = 60


@dataclass
class Held:
    """What the process holds at an instant."""

    private_mib: float
    blocks: int
    descriptors: int
    journal_mib: float
    born: int
    gone: int
    opened: int
    closed: int
    seconds: float


class Soak:
    """The whole way from files to journal, for as long as one likes."""

    def __init__(self, folder: Path, processes: int = PROCESSES, limit_bytes: int = LIMIT_BYTES):
        root = folder / "root"
        root.mkdir()
        settings = load(None)
        self.node = ChurningNode(root, processes)
        self._samplers = settings.enabled("samplers")
        periods = {sampler.table.name: sampler.period for sampler in self._samplers}
        self._pace = Pace(periods, lambda table: 1)
        detectors = settings.enabled("detectors")
        self._pipeline = Pipeline(catalogue.tables(), detectors, self._pace.periods)
        self._file = folder / FILE
        self._journal = Journal(folder, BEGIN, Limits(size_max_bytes=limit_bytes))
        self._page = Metrics([detector.rule for detector in detectors])
        self._opened = self._closed = 0
        self._second = 0

    def run(self, seconds: int, births: int = BIRTHS) -> None:
        """Let so much time pass."""
        for _ in range(seconds):
            self._second += 1
            self.node.pass_to(self._second, births)
            for sampler in self._samplers:
                if self._second % max(int(sampler.period), 1) == 0:
                    self._read(sampler)
            if self._second % SAVE_SECONDS == 0:
                from aisec_daemon.app import state

                self._journal.keep(state.keep(self._pipeline, BEGIN + self._second))

    def _read(self, sampler) -> None:
        try:
            snapshot = sampler.read(self.node.host, BEGIN + self._second)
        except UnreadableError:  # there is no PCI bus in a folder
            return
        self._take(self._pipeline.step(snapshot))

    def _take(self, tick: Tick) -> None:
        self._journal(tick)
        self._page(tick)
        words = [change.what for change in tick.changes]
        self._opened += words.count("opened")
        self._closed += words.count("closed")

    def held(self) -> Held:
        """Wait for the disk, give back what is free, and look."""
        end = time.monotonic() + 20
        while len(self._journal._waiting) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        on_disk = sum(file.stat().st_size for file in self._file.parent.glob(f"{FILE}*"))
        node = self.node
        return Held(
            of_self().private,
            __import__("sys").getallocatedblocks(),
            descriptors(),
            on_disk / 2**20,
            node.crowd.born,
            node.gone,
            self._opened,
            self._closed,
            float(self._second),
        )

    def close(self) -> None:
        self._journal.close()
        self.node.processes.close()


def of_self():
    import os

    return of(os.getpid())


if __name__ == "__main__":
    import sys

    with tempfile.TemporaryDirectory() as d:
        s = Soak(Path(d))
        b = time.time()
        for i in range(int(sys.argv[1])):
            s.run(int(sys.argv[2]))
            print(round(time.time() - b), s.held(), flush=True)
        s.close()
