"""The thread of one courier, and the clock that all of them share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic

from aisec_daemon.model import Finding, Tick
from aisec_daemon.sinks.alerting.courier import Courier

_LONGEST_WAIT_SECONDS = 2.0  # the outbox may have something that no tick tells of


class Latest:
    """What the last tick said; between ticks its time goes on. Any thread may ask."""

    def __init__(self) -> None:
        self.findings: Sequence[Finding] = ()
        self._anchor = (math.nan, math.nan)

    def take(self, tick: Tick) -> None:
        """Take a tick."""
        self.findings = tick.findings
        self._anchor = (tick.time, monotonic())

    def now(self) -> float:
        """Return the time; NaN before the first tick."""
        time, read = self._anchor
        return time + monotonic() - read


class Worker:
    """Lets a courier take its turns.

    A fault ends the thread, with its traceback in the log; `tend` begins another after `rest`.
    """

    def __init__(self, courier: Courier, latest: Latest, rest: float = 60.0) -> None:
        self._trouble = ""
        self._courier = courier
        self._latest = latest
        self._rest = rest
        self._news = Event()
        self._stopping = Event()
        self._begin()

    def tend(self) -> str:
        """Return what is to be said now, empty if nothing is; call this at every tick."""
        if self._thread.is_alive():
            return self._trouble
        if monotonic() - self._begun >= self._rest:
            self._begin()
        return "a thread that sends alerts has ended; the log says why"

    def wake(self) -> None:
        """Let it look at the outbox now."""
        self._news.set()

    def stop(self) -> None:
        """Let it end; a request that hangs is left to its own deadline."""
        self._stopping.set()
        self._news.set()

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    def _begin(self) -> None:
        self._begun = monotonic()
        self._thread = Thread(target=self._run, name="alertmanager", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            now = self._latest.now()
            wait = _LONGEST_WAIT_SECONDS
            if not math.isnan(now):
                wait = self._courier.turn(now, self._latest.findings) - now
                self._trouble = self._courier.trouble.sentence(now)
            self._news.wait(min(max(wait, 0.0), _LONGEST_WAIT_SECONDS))
