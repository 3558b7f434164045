"""Listening sockets of AI workloads

One turn of the sampler `listener`, every ten seconds, without its probes: 64 workloads of 200 open
files, two listening sockets and four connections each, among so many processes in all; and
`psutil.net_connections("tcp")`, which finds the same sockets and their processes, in turn, in one
process. `known` is a turn in which nothing has changed; `new` one after another socket has begun to
listen. Processor time of the reading thread, the kernel's part of it too.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from aisec_daemon.host.network.listeners import Listeners
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload
from tests.bench.crowd import crowd
from tests.bench.report import median, spread, table

SIZES = 500, 2000
WORKLOADS, TURNS = 64, 40  # turns: the thorough one is every 36th
PERIOD_SECONDS = 10.0
_PROGRAM = """
import socket, sys
files = [open("/dev/null") for _ in range(200)]
servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
ends = [(socket.create_connection(s.getsockname()), s.accept()) for s in servers for _ in range(2)]
print(flush=True)
for line in sys.stdin:
    servers.append(socket.create_server(("127.0.0.1", 0)))
    print(flush=True)
"""


@contextmanager
def workloads() -> Iterator[list[subprocess.Popen]]:
    """Run what is said to be AI workloads."""
    command = [sys.executable, "-S", "-c", _PROGRAM]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(WORKLOADS)
    ]
    for each in started:
        each.stdout.readline()
    yield started
    for each in started:
        each.kill()
        each.communicate()


class Source:
    """Tells of these workloads."""

    def __init__(self, processes: Processes, pids: list[int]) -> None:
        found = map(processes.lookup, pids)
        self._found = [Workload(each, "one", True, frozenset()) for each in found]  # noqa: FBT003

    def read(self) -> list[Workload]:
        return list(self._found)


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - begun)


def row(size: int) -> list[str]:
    """Measure with so many processes there."""
    with (
        workloads() as started,
        crowd(size),
        closing(Processes(Path("/"), Tally(), bytes(32), connector=False)) as processes,
    ):
        source = Source(processes, [each.pid for each in started])
        ours = Listeners(Path("/"), source, processes, Tally())
        first = milliseconds(lambda: ours.read(1.0))
        turns = [
            (
                milliseconds(lambda: ours.read(1.0)),
                milliseconds(lambda: psutil.net_connections("tcp")),
            )
            for _ in range(TURNS)
        ]
        new = []
        for each in started[:TURNS]:
            each.stdin.write(b"\n")
            each.stdin.flush()
            each.stdout.readline()
            new.append(milliseconds(lambda: ours.read(1.0)))
        assert len(ours.read(1.0)) == 2 * WORKLOADS + TURNS
    known, theirs = zip(*turns, strict=True)
    mean = sum(known) / len(known)
    return [
        f"{size}",
        f"{first:.1f}",
        spread(known),
        spread(new),
        spread(theirs, 1),
        f"{median(theirs) / median(known):.0f}",
        f"{sum(theirs) / sum(known):.0f}",
        f"{mean / PERIOD_SECONDS / 10:.4f}",
    ]


def measure() -> str:
    head = ["processes", "first, ms", "known, ms", "new, ms", "psutil, ms"]
    head += ["psutil/known", "psutil/known, means", "known, mean, % of a core"]
    return table(head, [row(size) for size in SIZES])
