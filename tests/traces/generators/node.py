"""Nodes: GPUs and processes on a stage, and the snapshots that a daemon would take of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.model import Snapshot
from tests.traces.generators import gpu_rows, process_rows, socket_rows, view_rows
from tests.traces.generators.actor import Actor
from tests.traces.generators.cards import Card
from tests.traces.generators.load import Load

PERIODS = {
    "process_view": 10.0,
    "gpu": 1.0,
    "gpu_process": 1.0,
    "process": 2.0,
    "program": 5.0,
    "socket": 5.0,
}

_MAKERS = {
    "gpu": gpu_rows.snapshots,
    "gpu_process": process_rows.gpu_processes,
    "process": process_rows.processes,
    "program": socket_rows.programs,
    "socket": socket_rows.sockets,
    "process_view": view_rows.views,
}


@dataclass(eq=False)
class Node:
    """A node with `gpus` cards of one model, watched for `seconds`.

    `scheduler` is slurm, kubernetes or none. Scenes add actors; `blind` are stretches in which the
    daemon reads nothing at all, `deaf` those in which NVML answers with errors.
    """

    rng: np.random.Generator
    card: Card
    gpus: int
    seconds: int
    begin: float  # seconds since 1970
    scheduler: str = "none"
    power_limit_shares: list[float] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    foreign: bool = False  # the daemon is in a pid namespace of its own
    blind: list[tuple[float, float]] = field(default_factory=list)
    deaf: list[tuple[float, float]] = field(default_factory=list)
    _pid: int = 1000

    def __post_init__(self) -> None:
        self.power_limit_shares = [1.0] * self.gpus
        key = self.rng.integers(0, 1 << 32)
        self.uuids = tuple(
            f"GPU-{key:08x}-{i:04x}-4000-8000-000000000000" for i in range(self.gpus)
        )
        self.pcie_counted = self.card.pipes or bool(self.rng.random() < 0.5)

    def pid(self) -> int:
        """Return a pid that nobody has yet."""
        self._pid += int(self.rng.integers(1, 60))
        return self._pid

    def ticks(self, begin: float) -> int:
        """Return the start time, in clock ticks since boot, of what began at `begin`."""
        return int((begin + 1e6) * 100)

    def loads(self, gpu: int) -> list[Load]:
        """Return all that runs on one GPU."""
        return [actor.uses[gpu] for actor in self.actors if gpu in actor.uses]

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the snapshots of all tables, in the order in which they are taken."""
        tables = catalogue.tables()
        made = [make(self, tables[name]) for name, make in _MAKERS.items() if name in tables]
        for snapshot in heapq.merge(*made, key=lambda s: s.time):
            at = snapshot.time - self.begin
            if not any(begin <= at < end for begin, end in self.blind):
                yield snapshot
