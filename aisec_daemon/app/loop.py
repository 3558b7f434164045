"""The loop: one thread takes snapshots from the queue through the pipeline to the sinks."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from queue import Empty, Queue
from time import monotonic, perf_counter, thread_time
from typing import TypeVar

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.web.recent import Recent
from aisec_daemon.model import Finding, Snapshot, State, Tick, Verdict
from aisec_daemon.pipeline.pipeline import Judge, Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks import Sink

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_WAIT_SECONDS = 0.25
_HUNG_SECONDS = 10.0
SILENT_SECONDS = 30.0
"""How long a live node may bring nothing: its upkeep alone brings something every second."""


class Loop:
    """Steps, and keeps a faulty detector or sink from stopping the others.

    `findings` are the open ones as of the last step, `recent` is what the page for people draws;
    `healthy` tells whether it still turns and has stepped within `silent_seconds`: a loop without
    snapshots, or whose every step fails, sees nothing and can say so nowhere else. All may be
    asked from other threads. `behind_seconds` is how long ago the queue was last empty.
    """

    def __init__(
        self,
        upkeep: Upkeep,
        clock: Clock,
        inbox: Queue[Snapshot],
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.findings: tuple[Finding, ...] = ()
        self.pipeline: Pipeline | None = None
        self.sinks: Mapping[str, Sink] = {}
        self.recent = Recent()
        self._upkeep = upkeep
        self._expected: set[str] = set()  # parts of which upkeep knows, while sinks are the same
        self._handed_out: Mapping[str, Sink] = self.sinks
        self._clock = clock
        self._inbox = inbox
        self._silent_seconds = silent_seconds
        self._beat = self._stepped = self._caught_up = monotonic()

    @property
    def behind_seconds(self) -> float:
        """Seconds since the end of the queue was last reached."""
        return monotonic() - self._caught_up

    @property
    def healthy(self) -> bool:
        """Whether the loop turned within the last ten seconds, and stepped not long ago."""
        now = monotonic()
        return now - self._beat < _HUNG_SECONDS and now - self._stepped < self._silent_seconds

    def guard(self, rule: str, judge: Judge) -> tuple[State, Verdict] | None:
        """Call a detector; None if it failed, which upkeep then knows."""
        return self._measured(f"detector/{rule}", judge)

    def turn(self) -> None:
        """Take one snapshot, or wait a moment for one."""
        self._beat = monotonic()
        if self._inbox.empty():
            self._caught_up = self._beat
        try:
            snapshot = self._inbox.get(timeout=_WAIT_SECONDS)
        except Empty:
            return
        self.take(snapshot)

    def take(self, snapshot: Snapshot) -> None:
        """Take a snapshot through the pipeline to the sinks."""
        if self.pipeline is None:
            return
        if self._handed_out is not self.sinks:  # what was dismissed meanwhile may be there again
            self._handed_out = self.sinks
            self._expected.clear()
        tick = self._measured("pipeline/step", lambda: self._step(snapshot))
        if tick is None:
            return
        self._stepped = monotonic()
        self.findings = tick.findings
        self._measured("web/recent", partial(self.recent, tick))
        for name, sink in self.sinks.items():
            self._measured(f"sink/{name}", partial(sink, tick))

    def _step(self, snapshot: Snapshot) -> Tick | None:
        return self.pipeline.step(snapshot) if self.pipeline else None

    def _measured(self, part: str, work: Callable[[], _T]) -> _T | None:
        """Do a part's work; note what it took and whether it failed."""
        if part not in self._expected:
            self._upkeep.expect(part, math.nan, self._clock.now())
            self._expected.add(part)
        begun, spent = perf_counter(), thread_time()
        done = None
        error = ""
        try:
            done = work()
        except OSError as failure:  # a sink that cannot deliver
            error = str(failure)
        except Exception as fault:  # a faulty plug-in must stop no other
            error = f"fault in this part: {fault!r}"
            _LOG.debug("%s", part, exc_info=True)
        took, cpu = perf_counter() - begun, thread_time() - spent
        if self._upkeep.ran(part, self._clock.now(), took, error, cpu=cpu) and error:
            _LOG.error("%s: %s", part, error)
        return done
