"""A node under load: a fake driver with GPUs that are busy, and a crowd of processes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.crowd import crowd
from tests.fake_nvml import scenario

GPUS = 8
PROCESSES_PER_GPU = 2


def world(pids: list[int], gpus: int = GPUS) -> dict:
    """Return a driver's world in which each GPU has two of these processes."""
    made = scenario.node(gpus=gpus)
    for index, gpu in enumerate(made["gpus"]):
        mine = pids[index * PROCESSES_PER_GPU :][:PROCESSES_PER_GPU]
        gpu["processes"] = [scenario.process(pid) for pid in mine]
    return made


@contextmanager
def busy_node(processes: int, gpus: int = GPUS) -> Iterator[tuple[Path, Path]]:
    """Yield a folder to work in and the file of the driver's world."""
    with tempfile.TemporaryDirectory() as folder, crowd(processes) as pids:
        file = Path(folder) / "world.json"
        scenario.write(file, world(pids, gpus))
        yield Path(folder), file
