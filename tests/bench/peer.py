"""Beside a peer

The daemon and nvitop-exporter (interval 1 s), at the same time, over the same fake driver with 8
GPUs and 16 processes on them, 200 processes in all; CPU and memory as above. The exporter reads
GPUs and the processes on them, in one process; the daemon reads every process of the node too,
keeps the driver at arm's length in a child, and judges. Calls that the fake driver lacks (power,
PCIe) cost the exporter nothing here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.cost import Cost
from tests.bench.memory import over_a_minute, percent
from tests.bench.node import busy_node
from tests.bench.report import series, table
from tests.daemon import FAKE_SITE, ROOT, running

PROCESSES = 200

# nvitop hands the number of fields over as a c_int32, which C takes and our fake driver does not
_PROGRAM = """
import runpy, pynvml
functions = pynvml._nvmlGetFunctionPointer_cache
fields = functions["nvmlDeviceGetFieldValues"]
functions["nvmlDeviceGetFieldValues"] = lambda handle, count, values: fields(
    handle, getattr(count, "value", count), values
)
runpy.run_module("nvitop_exporter", run_name="__main__", alter_sys=True)
"""


def install(folder: Path) -> Path:
    """Install the dependency group `bench` into an environment of its own; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--group", "bench"], cwd=ROOT, check=True)
    return python


@contextmanager
def exporter(python: Path, world: Path) -> Iterator[tuple[int, str]]:
    """Run nvitop-exporter over a fake driver; yields its pid and the address of its page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = ["--bind-address", "127.0.0.1", "--port", f"{port}", "--interval", "1"]
    process = subprocess.Popen(
        [python, "-c", _PROGRAM, *place],
        env={**os.environ, "PYTHONPATH": f"{FAKE_SITE}", "AISEC_FAKE_NVML": f"{world}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid, f"http://127.0.0.1:{port}/metrics"
    finally:
        process.kill()
        process.wait()


def page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read().decode()


def row(name: str, costs: list[Cost], count: int) -> list[str]:
    own, children = costs
    spent = own + children
    return [name, f"{percent(spent):.2f}", f"{spent.pss:.0f}", f"{spent.private:.0f}", f"{count}"]


def side_by_side(python: Path) -> tuple[list[Cost], list[Cost], list[int]]:
    """Return the costs of the daemon and of the exporter, and how many series each shows."""
    with (
        busy_node(PROCESSES) as (folder, world),
        running(folder / "state", world=world) as daemon,
        exporter(python, world) as (pid, address),
    ):
        daemon.wait(lambda: daemon.ready)
        pages = [daemon.get, lambda: page(address)]
        costs = over_a_minute([daemon.process.pid, pid], lambda: [get() for get in pages])
        counts = [series(get()) for get in pages]
        daemon.stop()
    return *costs, counts


def measure() -> str:
    with tempfile.TemporaryDirectory() as environment:
        ours, theirs, counts = side_by_side(install(Path(environment)))
    rows = [row("aisec-daemon", ours, counts[0]), row("nvitop-exporter", theirs, counts[1])]
    ratios = [float(a) / float(b) for a, b in zip(rows[0][1:], rows[1][1:], strict=True)]
    rows.append(["ratio", *(f"{ratio:.1f}" for ratio in ratios)])
    return table(["", "CPU, % of a core", "PSS, MiB", "private, MiB", "series"], rows)
