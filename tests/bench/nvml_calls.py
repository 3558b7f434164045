"""Calls into NVML

Counted, not timed: the child's own loop in this process over the fake driver, 8 GPUs with two
processes each, one simulated minute of a reading a second after the first two. The thread that
waits for Xid errors asks on its own, in real time; its calls are added as they fall in a minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pynvml

from aisec_daemon.host.nvml.child import serve
from aisec_daemon.host.nvml.events import WAIT_MILLISECONDS
from aisec_daemon.host.nvml.node import Node
from tests.bench.node import GPUS, world
from tests.bench.report import table
from tests.fake_nvml import driver, scenario

SECONDS = 60
WARM_UP = 2
LIMITS = {"busy": 9, "idle": 9, "1 MIG instance": 9 + 4, "7 MIG instances": 9 + 4 * 7}
_KEPT = []  # the event thread may still be inside a C function when a measurement is over


@contextmanager
def fake(made: dict, now: list[float]) -> Iterator[driver.Driver]:
    """Put a fake driver behind this process's pynvml."""
    library, load = pynvml.nvmlLib, pynvml.CDLL
    pointers = dict(pynvml._nvmlGetFunctionPointer_cache)
    installed = driver.install(pynvml, made, lambda: now[0])
    _KEPT.append(dict(pynvml._nvmlGetFunctionPointer_cache))
    try:
        yield installed
    finally:
        pynvml.nvmlLib, pynvml.CDLL = library, load
        pynvml._nvmlGetFunctionPointer_cache.clear()
        pynvml._nvmlGetFunctionPointer_cache.update(pointers)


def per_gpu_and_second(made: dict, seconds: int = SECONDS) -> float:
    """Count the calls of a minute of this world."""
    now = [5000.0]
    begun = {}
    gpus = len(made["gpus"])
    with fake(made, now) as installed:

        def commands() -> Iterator[bytes]:
            for second in range(WARM_UP + seconds):
                if second == WARM_UP:
                    begun.update(installed.calls)
                yield json.dumps({str(index): "" for index in range(gpus)}).encode()
                now[0] += 1.0

        serve(Node(), commands(), lambda frame: None, lambda: now[0])
        made_calls = {
            name: count - begun.get(name, 0)
            for name, count in installed.calls.items()
            if name != "nvmlEventSetWait_v2"
        }
    waits = seconds / (WAIT_MILLISECONDS / 1000)
    return (sum(made_calls.values()) + waits) / gpus / seconds


def worlds() -> dict[str, dict]:
    """Return what is measured, by name."""
    pids = list(range(1000, 1000 + 2 * GPUS))
    idle, one, seven = (world(pids) for _ in range(3))
    for gpu in idle["gpus"]:
        gpu["samples"] = {"utilization": None, "memory": None, "power": [60_000]}
    for made, instances in ((one, 1), (seven, 7)):
        for index, gpu in enumerate(made["gpus"]):
            gpu["processes"] = []
            gpu["mig"] = [scenario.mig(i, gpu=index) for i in range(instances)]
    return {"busy": world(pids), "idle": idle, "1 MIG instance": one, "7 MIG instances": seven}


def measure() -> str:
    rows = [
        [name, f"{per_gpu_and_second(made):.2f}", f"{LIMITS[name]}"]
        for name, made in worlds().items()
    ]
    return table(["each GPU", "calls per GPU and second", "allowed"], rows)
