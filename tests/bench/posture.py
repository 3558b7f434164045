"""Posture of AI workloads

One turn of the sampler `posture`, every 15 s: so many workloads of one process each, half of which
are said to be in containers and have mounts of their own, which the kernel lists in full (the
host's, 40 more each). Most turns read nothing; once a minute everything is read again. Processor
time of the reading thread, the kernel's part of it too.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from aisec_daemon.host.container.images import Images
from aisec_daemon.host.host import Host
from aisec_daemon.host.posture.postures import Postures
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload
from aisec_daemon.samplers.posture import Posture
from tests.bench.report import median, spread, table

SIZES = 10, 60
MINUTES, TURNS = 4, 4
MOUNTS = 40
_CONTAINER = f"""
for i in $(seq {MOUNTS}); do mount -t tmpfs -o size=4k none /mnt; done
echo; exec sleep 600
"""


@contextmanager
def workloads(count: int) -> Iterator[list[int]]:
    """Run them; yield the pids."""
    private = ["unshare", "--mount", "--ipc", "--uts", "sh", "-c", _CONTAINER]
    plain = ["sh", "-c", "echo; exec sleep 600"]
    started = [
        subprocess.Popen(private if at % 2 else plain, stdout=subprocess.PIPE)
        for at in range(count)
    ]
    try:
        for each in started:
            each.stdout.readline()
        yield [each.pid for each in started]
    finally:
        for each in started:
            each.kill()
            each.communicate()


def known(processes: Processes, pids: list[int]) -> list[Workload]:
    """Return them as workloads, every other one in a container."""
    found = []
    for at, pid in enumerate(pids):
        who = processes.lookup(pid)
        who = replace(who, container=f"{at:064x}" if at % 2 else "")
        found.append(Workload(who, who.subject, on_gpu=True, libraries=frozenset()))
    return found


def milliseconds(host: Host, turn: int) -> float:
    begun = time.thread_time()
    Posture().read(host, 1.8e9 + turn)
    return 1e3 * (time.thread_time() - begun)


def row(count: int) -> list[str]:
    """Measure with so many workloads."""
    tally = Tally()
    with (
        workloads(count) as pids,
        closing(Processes(Path("/"), tally, bytes(32), connector=False)) as processes,
    ):
        found = known(processes, pids)
        nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=[]))
        postures = Postures(Path("/"), SimpleNamespace(read=lambda: found), nvml, tally)
        host = SimpleNamespace(postures=postures, images=Images(Path("/"), tally))
        first, whole, steady = milliseconds(host, 0), [], []
        for minute in range(MINUTES):
            for each in (*postures._statuses.values(), *postures._groups.values()):
                each.at -= 61.0
            postures._host_at -= 61.0
            whole.append(milliseconds(host, minute))
            steady += [milliseconds(host, minute) for _ in range(TURNS - 1)]
    a_minute = median(whole) + (TURNS - 1) * median(steady)
    return [f"{count}", f"{first:.1f}", spread(steady), spread(whole), f"{a_minute / 600:.4f}"]


def measure() -> str:
    head = ["workloads", "first turn, ms", "most turns, ms", "once a minute, ms", "% of a core"]
    return table(head, [row(count) for count in SIZES])
