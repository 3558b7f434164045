"""Programs on GPUs and their sockets

One turn of the samplers `program` and `socket`, every five seconds each: 16 programs of 1,500
mappings, 200 open files and 4 connections each, among so many processes in all; processor time of
the reading thread, the kernel's part of it too. The first turn looks at everything.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.program import Program
from aisec_daemon.samplers.socket import Socket
from tests.bench.crowd import crowd
from tests.bench.report import median, spread, table

SIZES = 200, 2000
PROGRAMS, TURNS = 16, 24
PERIOD_SECONDS = 5.0
_PROGRAM = """
import ctypes, socket, sys
mmap = ctypes.CDLL(None).mmap
here = open(sys.executable, "rb")
for i in range(1500):  # private, readable and in turn writable: none becomes one with the next
    mmap(None, ctypes.c_size_t(4096), 1 + 2 * (i % 2), 2, here.fileno(), ctypes.c_long(0))
files = [open("/dev/null") for _ in range(200)]
server = socket.create_server(("127.0.0.1", 0))
ends = [(socket.create_connection(server.getsockname()), server.accept()) for _ in range(2)]
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def programs() -> Iterator[list[int]]:
    """Run what is said to be on GPUs; yield the pids."""
    command = [sys.executable, "-S", "-c", _PROGRAM]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROGRAMS)
    ]
    for each in started:
        each.stdout.readline()
    yield [each.pid for each in started]
    for each in started:
        each.kill()
        each.communicate()


def milliseconds(host: Host, sampler: Program | Socket, turn: int) -> float:
    begun = time.thread_time()
    sampler.read(host, 1.8e9 + turn)
    return 1e3 * (time.thread_time() - begun)


def row(size: int) -> list[str]:
    """Measure with so many processes there."""
    tally = Tally()
    with (
        programs() as pids,
        crowd(size),
        closing(Processes(Path("/"), tally, bytes(32), connector=False)) as processes,
    ):
        gpu = SimpleNamespace(processes=[SimpleNamespace(pid=pid) for pid in pids])
        nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=[gpu]))
        host = Host(Path("/"), tally, nvml, processes)
        costs = []
        for turn in range(TURNS):
            host.programs._members_at = -1e9  # as after five seconds
            processes.scan()  # the sampler of processes' own work
            costs.append([milliseconds(host, each, turn) for each in (Program(), Socket())])
    program, socket = zip(*costs, strict=True)
    together = [sum(each) for each in costs[1:]]
    return [
        f"{size}",
        f"{program[0]:.0f}",
        spread(program[1:]),
        spread(socket[1:]),
        f"{sum(together) / len(together):.2f}",
        f"{median(together) / PERIOD_SECONDS / 10:.3f}",
    ]


def measure() -> str:
    head = ["processes", "first turn, ms", "program, ms", "socket, ms"]
    head += ["both, mean, ms", "both, % of a core"]
    return table(head, [row(size) for size in SIZES])
