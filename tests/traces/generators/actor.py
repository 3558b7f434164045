"""Actors: processes, as NVML, /proc and their sockets show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from aisec_daemon.host.program.place import place
from tests.traces.generators.flows import Flow
from tests.traces.generators.load import Load
from tests.traces.generators.shapes import Floats


@dataclass(frozen=True)
class Program:
    """What table `program` says of it, beside its counters and the place of its file."""

    libraries: str = "cuda"
    executable_writable: str = ""
    disguise: str = ""
    preload: str = ""
    executable_age_seconds: float = 3e7


@dataclass(frozen=True, eq=False)
class Actor:
    """A process from `begin` to `end` (seconds of the trace; it may have begun before it).

    `uses` are its loads by GPU. `seen` says who shows it: "all"; "driver" (NVML has its pid, /proc
    has not); "none" (neither, though its load is there).
    """

    pid: int
    start: int  # clock ticks since boot, as in its subject
    begin: float
    end: float
    words: Mapping[str, str]
    program: Program | None = None  # None: it has nothing to do with a GPU
    uses: Mapping[int, Load] = field(default_factory=dict)
    cores: Floats | float = 0.0
    resident_bytes: float = 2e7
    threads: float = 1.0
    read_rate: Floats | float = 0.0  # bytes per second
    write_rate: Floats | float = 0.0
    flows: tuple[Flow, ...] = ()
    seen: str = "all"
    grain: str = "tcp_info"  # of its sockets; proc in another network namespace

    @property
    def place(self) -> str:
        """Where its file lies, as the host's own reader puts it."""
        words = self.words
        gone = words.get("executable_state") == "deleted"
        return place(words.get("executable", "").encode(), gone=gone)

    @property
    def subject(self) -> str:
        """Its name in tables `process` and `program`."""
        return f"{self.pid}:{self.start}"

    @property
    def in_gpu_process(self) -> str:
        """Its name in table `gpu_process`."""
        return self.subject if self.seen == "all" else f"{self.pid}:?"


def word(actor: Actor, label: str) -> str | None:
    """Return a word of an actor: empty where there is none, None where /proc does not show it."""
    if actor.seen != "all":
        return None
    return actor.words.get(label, "")


def counted(rate: Floats | float, seconds: int) -> Floats:
    """Return what a counter shows each second that rises at a rate."""
    return np.cumsum(np.broadcast_to(np.asarray(rate, dtype=np.float64), (seconds,)))
