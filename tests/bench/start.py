"""From exec to the first metrics

`aisec-daemon run` over a fake driver with 8 busy GPUs, 200 processes in all: from its start to the
first page that shows GPUs and processes, asked every 5 ms. Files are in the page cache, as at
a restart; programs are compiled, as pip leaves them; the state is that of a daemon that has run
before. The child that talks to the driver starts while the daemon is still being imported, and
Python's collector rests until all is there. What was left out, and why, is in
[decision 34](decisions/0034-what-waits-for-nothing.md).
"""

from __future__ import annotations

import socket
import time
import urllib.request
from pathlib import Path

from tests.bench.node import busy_node
from tests.bench.report import spread, table
from tests.daemon import running

TURNS, PROCESSES = 7, 200
WANTED = (b"\naisec_gpu_power_watts{", b"\naisec_process_count{")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def milliseconds(folder: Path, world: Path) -> tuple[float, float]:
    """Return how long it took to answer at all, and to answer with data."""
    port = free_port()
    answers: list[float] = []
    begun = time.perf_counter()
    place = ["--listen", f"127.0.0.1:{port}"]
    compiled = {"PYTHONPYCACHEPREFIX": f"{folder}/compiled", "PYTHONDONTWRITEBYTECODE": ""}
    with running(folder / "state", *place, world=world, variables=compiled) as daemon:
        while True:
            time.sleep(0.005)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as got:
                    page = got.read()
            except OSError:
                assert daemon.process.poll() is None, daemon.log
                continue
            answers.append(1e3 * (time.perf_counter() - begun))
            if all(wanted in page for wanted in WANTED):
                daemon.wait(lambda: daemon.log)
                daemon.stop()
                return answers[0], answers[-1]


def measure() -> str:
    with busy_node(PROCESSES) as (folder, world):
        milliseconds(folder, world)
        turns = [milliseconds(folder, world) for _ in range(TURNS)]
    answers, data = zip(*turns, strict=True)
    head = ["starts", "first answer, ms", "first page with GPUs and processes, ms"]
    return table(head, [[f"{TURNS}", spread(answers, 0), spread(data, 0)]])
