"""The inventory of AI workloads

The tables `asset`, `flow`, `listener` and `posture` among so many processes, after a scan of them
as the sampler of processes makes: the first time, when each is looked at, and later, when only what
is new or maps more is. Processor time of all threads. Finding the workloads is nearly all of it.
Beside it, in turn, `psutil.net_connections("tcp")`, which looks at all open files of all processes
to say whose each connection is. Two AI services run among them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil

from aisec_daemon.app import catalogue
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.bench.crowd import crowd
from tests.bench.report import median, spread, table

SIZES = 200, 2000
TABLES = "asset", "flow", "listener", "posture"
FIRST, STEADY = 5, 15
PERIOD_SECONDS = 10.0
NAMES = "libtorch.so", "libonnxruntime.so"
_PROGRAM = """
import ctypes, sys
mmap = ctypes.CDLL(None).mmap
with open(sys.argv[1], "rb") as library:
    mmap(None, ctypes.c_size_t(4096), 5, 2, library.fileno(), ctypes.c_long(0))
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def services(folder: Path) -> Iterator[None]:
    """Run processes that have loaded what bears the name of a framework's library."""
    started = []
    for name in NAMES:
        file = folder / name
        file.write_bytes(bytes(4096))
        command = [sys.executable, "-S", "-c", _PROGRAM, str(file)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        started[-1].stdout.readline()
    yield
    for each in started:
        each.kill()
        each.communicate()


def milliseconds(work) -> float:
    begun = time.process_time()
    work()
    return 1e3 * (time.process_time() - begun)


def silent():
    raise UnreadableError("nvml", "there is no driver")


class Inventory:
    """The real samplers, over a host of which they have seen nothing yet."""

    def __init__(self, processes: Processes) -> None:
        self._host = Host(Path("/"), Tally(), SimpleNamespace(read=silent), processes)
        programs = self._host.programs  # who is on a GPU is asked by another sampler
        programs._members, programs._members_at = [], float("inf")
        known = catalogue.samplers()
        self._samplers = [known[name]() for name in TABLES]

    def turn(self) -> tuple[float, float]:
        """Return what finding the workloads took, and all tables; see that they are found."""
        self._host.workloads._at = -1e9  # as after its period
        found = []
        finding = milliseconds(lambda: found.extend(self._host.workloads.read()))
        assert len(found) == len(NAMES), found
        return finding, finding + milliseconds(self._read)

    def _read(self) -> None:
        for sampler in self._samplers:
            sampler.read(self._host, time.time())


def row(size: int, folder: Path) -> list[str]:
    """Measure with so many processes there."""
    with (
        services(folder),
        crowd(size),
        closing(Processes(Path("/"), Tally(), bytes(32), connector=False)) as processes,
    ):
        first, steady, theirs = [], [], []
        for _ in range(FIRST):
            processes.scan()
            inventory = Inventory(processes)
            first.append(inventory.turn())
        for _ in range(STEADY):
            processes.scan()
            steady.append(inventory.turn())
            theirs.append(milliseconds(lambda: psutil.net_connections("tcp")))
    finding, whole = np.transpose(first)
    _, later = np.transpose(steady)
    return [
        f"{size}",
        spread(finding, 0),
        spread(whole, 0),
        spread(later),
        f"{median(later) / PERIOD_SECONDS / 10:.4f}",
        spread(theirs, 0),
        f"{median(whole) / median(theirs):.2f}",
        f"{np.divide(median(theirs), median(later)):.0f}",
    ]


def measure() -> str:
    head = ["processes", "finding first, ms", "all tables first, ms", "later, ms"]
    head += ["later, % of a core", "psutil, ms"]
    head += ["first/psutil", "psutil/later"]
    with tempfile.TemporaryDirectory() as folder:
        return table(head, [row(size, Path(folder)) for size in SIZES])
