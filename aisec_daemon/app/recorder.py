"""Recorder: a node sampled and judged as by the daemon, every snapshot into a file."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from threading import Event

from aisec_daemon.app import catalogue
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.loop import Loop
from aisec_daemon.app.node import close_host, name_of, open_host
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.sampling import Sampling, periods
from aisec_daemon.app.settings import Settings
from aisec_daemon.model import Snapshot, Tick
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks.trace import Trace


class Recorder:
    """Writes every tick, tells it on, and stops when the file cannot be written."""

    def __init__(self, trace: Trace, told: Callable[[Tick], None], stopping: Event) -> None:
        self.snapshots = 0
        self.error: OSError | None = None
        self._trace = trace
        self._told = told
        self._stopping = stopping

    def __call__(self, tick: Tick) -> None:
        """Take one tick."""
        try:
            self._trace(tick)
        except OSError as error:
            self.error = error
            self._stopping.set()
        else:
            self.snapshots += 1
            self._told(tick)

    def close(self) -> None:
        """Do nothing: who opened the trace closes it."""


def record(
    settings: Settings,
    path: Path,
    seconds: float | None,
    stopping: Event,
    told: Callable[[Tick], None],
) -> int:
    """Record until `stopping` is set or `seconds` have passed; return the snapshots written.

    `told` is given every tick that was written. OSError if the file cannot be written.
    """
    clock, upkeep = Clock(), Upkeep()
    inbox: Queue[Snapshot] = Queue(256)
    every = periods(settings)
    pace = Pace(every, lambda _: 1)  # a recording sheds nothing
    trace = Trace(path, name_of(settings.root), every, catalogue.tables())
    recorder = Recorder(trace, told, stopping)
    host = open_host(settings, secrets.token_bytes(32))
    loop = Loop(upkeep, clock, inbox)
    allows = [permit.allow() for permit in settings.allow]
    detectors = settings.enabled("detectors")
    loop.pipeline = Pipeline(catalogue.tables(), detectors, every, allows, loop.guard)
    loop.sinks = {"trace": recorder}
    sampling = Sampling(host, settings.enabled("samplers"), upkeep, clock, inbox, pace)
    end = clock.now() + seconds if seconds is not None else float("inf")
    sampling.start()
    try:
        while not stopping.is_set() and clock.now() < end:
            loop.turn()
    finally:
        sampling.stop()
        close_host(host)
        trace.close()
    if recorder.error is not None:
        raise recorder.error
    return recorder.snapshots
