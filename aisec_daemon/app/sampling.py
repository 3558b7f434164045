"""Sampling: every sampler on its turn, snapshots into one queue."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from functools import partial
from queue import Full, Queue
from threading import Lock, get_ident
from time import clock_gettime, monotonic, perf_counter, pthread_getcpuclockid

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.costs import PERIOD_SECONDS
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.schedule import SteadyScheduler
from aisec_daemon.app.settings import Settings
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.model import Snapshot
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.samplers import Sampler

_LOG = logging.getLogger(__name__)
_UPKEEP_SECONDS = 1.0
_OFTEN_SECONDS, _FIRST_SECONDS, _APART_SECONDS = 2.0, 0.1, 0.05
_DROPPED = "the pipeline does not keep up; this reading was dropped"


def periods(settings: Settings) -> dict[str, float]:
    """Return each table's seconds between snapshots."""
    samplers = settings.enabled("samplers")
    own = {"upkeep": _UPKEEP_SECONDS, "cost": PERIOD_SECONDS}
    return {**own, **{s.table.name: s.period for s in samplers}}


class Strain:
    """What shows that samplers cannot keep their periods; noted by threads, asked by another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._late_seconds = 0.0
        self._dropped = 0

    def late(self, seconds: float) -> None:
        """Note that a turn which waits for nothing began so late."""
        with self._lock:
            self._late_seconds = max(self._late_seconds, seconds)

    def dropped(self) -> None:
        """Note that a reading found no place in the queue."""
        with self._lock:
            self._dropped += 1

    def take(self) -> tuple[float, int]:
        """Return the worst lateness and how many were dropped since this was last asked."""
        with self._lock:
            told = self._late_seconds, self._dropped
            self._late_seconds, self._dropped = 0.0, 0
        return told


class Sampling:
    """Runs samplers in threads of a scheduler; one that hangs is late alone.

    What they read goes to `inbox`; what went wrong goes to `upkeep`, whose own table is put into
    the inbox every second. `pace` says which turns are taken; `strain` is told of what comes late.
    """

    def __init__(
        self,
        host: Host,
        samplers: Sequence[Sampler],
        upkeep: Upkeep,
        clock: Clock,
        inbox: Queue[Snapshot],
        pace: Pace,
    ) -> None:
        self.strain = Strain()
        self._host = host
        self._samplers = samplers
        self._upkeep = upkeep
        self._clock = clock
        self._inbox = inbox
        self._pace = pace
        self._noted = math.nan
        self._errors: dict[str, str] = {}
        self._waiting = {sampler.table.name for sampler in samplers}
        self._stopped = False
        self._listens = not host.processes.connector_error
        self._scheduler = SteadyScheduler(workers=len(samplers) + 1)
        self._scheduler.on_missed(lambda name: upkeep.missed(f"sampler/{name}"))

    @property
    def complete(self) -> bool:
        """Whether every sampler has had its first turn."""
        return not self._waiting

    def start(self) -> None:
        """Begin: first what is read most often, the others one after the other behind it.

        So GPUs and processes are on the page before inventories are made for the first time, and
        later, too, few turns fall on the same moment, where they and a scrape hold each other up.
        """
        delay = _FIRST_SECONDS
        for sampler in sorted(self._samplers, key=lambda sampler: sampler.period):
            name = sampler.table.name
            often = sampler.period <= _OFTEN_SECONDS
            delay += 0.0 if often else _APART_SECONDS
            self._upkeep.expect(f"sampler/{name}", sampler.period, self._clock.now())
            turn = partial(self._turn, sampler)
            self._scheduler.every(sampler.period, name, turn, delay=0.0 if often else delay)
        self._scheduler.every(_UPKEEP_SECONDS, "upkeep", self._note)
        self._scheduler.start()

    def stop(self) -> None:
        """End; a sampler that hangs is left behind, and what it still reads is not passed on."""
        self._stopped = True
        self._scheduler.shutdown(wait=False)
        for sampler in self._samplers:
            self._upkeep.dismiss(f"sampler/{sampler.table.name}")

    def _turn(self, sampler: Sampler) -> None:
        """Let one sampler read, and note how that went."""
        if self._stopped:
            return
        name = sampler.table.name
        part = f"sampler/{name}"
        now = self._clock.now()
        due = self._pace.due(name)
        self._upkeep.expect(part, self._pace.periods[name], now)
        if not due:
            self._upkeep.shed(part)
            return
        begun, meter = perf_counter(), _meter()
        self._upkeep.begins(part, meter)
        error, sensor = "", ""
        try:
            snapshot = sampler.read(self._host, now)
            if self._stopped:  # others sample by now, and time must not go back
                return
            self._inbox.put_nowait(snapshot)
        except UnreadableError as unreadable:
            error, sensor = str(unreadable), unreadable.sensor
        except Full:
            error = _DROPPED
            self.strain.dropped()
        except Exception as fault:  # a faulty sampler must stop no other
            error = f"fault in this sampler: {fault!r}"
            _LOG.exception("%s", part)
        took = perf_counter() - begun
        news = self._upkeep.ran(part, now, took, error, sensor, cpu=meter())
        if news and _DROPPED not in (error, self._errors.get(name)):  # that is logged once for all
            level = logging.WARNING if error else logging.INFO
            _LOG.log(level, "%s: %s", part, error or "reads well")
        self._errors[name] = error
        self._waiting.discard(name)

    def _note(self) -> None:
        """Put the table of upkeep itself into the inbox."""
        now = monotonic()
        self.strain.late(max(now - self._noted - _UPKEEP_SECONDS, 0.0))  # NaN is not late
        self._noted = now
        if self._listens:
            self._note_connector()
        try:
            self._inbox.put_nowait(self._upkeep.snapshot(self._clock.now()))
        except Full:
            self.strain.dropped()

    def _note_connector(self) -> None:
        """Note whether the process connector, which worked at the start, works on."""
        now, error = self._clock.now(), self._host.processes.connector_error
        self._upkeep.expect("connector", math.nan, now)
        sensor = "connector" if error else ""
        if self._upkeep.ran("connector", now, 0.0, error, sensor) and error:
            _LOG.warning("%s", error)


def _meter() -> Callable[[], float]:
    """Return what tells the processor time that this thread has had since now, to any thread."""
    clock = pthread_getcpuclockid(get_ident())
    begun = clock_gettime(clock)

    def spent() -> float:
        try:
            return clock_gettime(clock) - begun
        except OSError:  # the thread has ended
            return 0.0

    return spent
