"""The daemon: puts the parts together, and lives until it is told to stop."""

from __future__ import annotations

import logging
import secrets
import signal
from collections.abc import Callable
from functools import partial
from queue import Queue, SimpleQueue
from threading import Event
from time import monotonic
from types import FrameType
from typing import Any

from aisec_daemon.app import calibration, catalogue
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.loop import Loop
from aisec_daemon.app.node import close_host, open_host
from aisec_daemon.app.notify import Watchdog, notify
from aisec_daemon.app.player import Player, Tape
from aisec_daemon.app.sampling import Sampling, periods
from aisec_daemon.app.settings import Settings, SettingsError
from aisec_daemon.app.state import StateDir
from aisec_daemon.app.web.server import WebServer
from aisec_daemon.app.web.site import Site
from aisec_daemon.model import Snapshot
from aisec_daemon.model.exposition import Family, Page
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks.log import Log
from aisec_daemon.sinks.metrics import Metrics

_LOG = logging.getLogger(__name__)
_SAVE_SECONDS = 60.0
_INBOX_SNAPSHOTS = 256
UNPROTECTED = Family(
    "aisec_web_unprotected",
    "gauge",
    "1 if others can reach this page without a password or certificate.",
)
EVICTED = Family(
    "aisec_history_evicted_subjects",
    "gauge",
    "Subjects whose past had to go for want of room since the settings were last read.",
)
_FIXED = ("listen", "state", "root", "web_config", "host")


class Daemon:
    """Samplers, pipeline, sinks and the page of one node, or of a recording in its place.

    `reread()` gives the settings anew when SIGHUP asks for them; SettingsError keeps the old.
    SIGUSR1 lets go of the GPUs, SIGUSR2 takes them back, SIGTERM and SIGINT end it.
    """

    def __init__(
        self, settings: Settings, reread: Callable[[], Settings], tape: Tape | None = None
    ) -> None:
        self._settings = settings
        self._reread = reread
        self._tape = tape
        self._clock = Clock()
        self._upkeep = Upkeep()
        self._inbox: Queue[Snapshot] = Queue(_INBOX_SNAPSHOTS)
        self._loop = Loop(self._upkeep, self._clock, self._inbox)
        self._state = StateDir(settings.state)
        self._source: Sampling | Player | None = None
        self._metrics: Metrics | None = None
        self._unprotected = False
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()  # safe in a signal's handler
        self._stopping = Event()
        self._reloading = Event()
        key = secrets.token_bytes(32) if tape else self._key()
        self.host = open_host(settings, key, connector=tape is None)

    def _key(self) -> bytes:
        """Return this node's key; without a folder to keep it, one that lives as long as we do."""
        try:
            return self._state.key()
        except OSError as error:
            _LOG.warning("state is not kept: %s", error)
            return secrets.token_bytes(32)

    def run(self) -> None:
        """Live until a signal ends it."""
        handlers: dict[signal.Signals, Callable[[], Any]] = {
            signal.SIGTERM: self._stopping.set,
            signal.SIGINT: self._stopping.set,
            signal.SIGHUP: self._reloading.set,
            signal.SIGUSR1: partial(self._orders.put, self.host.nvml.release),
            signal.SIGUSR2: partial(self._orders.put, self.host.nvml.resume),
        }
        for number, handler in handlers.items():
            signal.signal(number, partial(_act, handler))
        server = WebServer(
            self._settings.listen,
            Site(
                page=self._page,
                healthy=lambda: self._loop.healthy,
                ready=self._ready,
                findings=lambda: self._loop.findings,
                mark=self._tape.mark if self._tape else "",
            ),
            self._settings.web_config,
            warn=lambda sentence: _LOG.warning("%s", sentence),
        )
        self._unprotected = server.unprotected
        self._apply(self._settings)
        server.start()
        try:
            self._greet(server.address)
            self._live()
        finally:
            notify("STOPPING=1")
            self._close(server)

    def _live(self) -> None:
        """Turn the loop; save, reload and feed the watchdog in between."""
        told_ready = False
        watchdog = Watchdog()
        saved = monotonic()
        while not self._stopping.is_set() and not self._played_out():
            self._loop.turn()
            while not self._orders.empty():
                self._orders.get()()
            if self._reloading.is_set():
                self._reloading.clear()
                self._reload()
            if monotonic() - saved >= _SAVE_SECONDS:
                saved = monotonic()
                self._save()
                self._show_memory()
            if not told_ready and self._ready():
                told_ready = True
                notify("READY=1", f"STATUS=metrics on {self._settings.listen}")
            watchdog.feed()

    def _apply(self, settings: Settings) -> None:
        """Make detectors, sinks and samplers as the settings say, and go on with what we know."""
        detectors = settings.enabled("detectors")
        self._source = self._make_source(settings)
        pipeline = Pipeline(
            catalogue.tables(),
            detectors,
            self._tape.periods if self._tape else periods(settings),
            [permit.allow() for permit in settings.allow],
            self._loop.guard,
        )
        if self._loop.pipeline is not None:
            pipeline.inherit(self._loop.pipeline)
        elif self._tape is None:
            self._restore(pipeline)
        if fault := calibration.install(pipeline):
            _LOG.warning("%s", fault)
        mark = self._tape.mark if self._tape else ""
        self._metrics = Metrics(
            [detector.rule for detector in detectors],
            constant={"replayed": mark} if mark else {},
            rows_max=settings.metrics.rows_max,
            series_max=settings.metrics.series_max,
        )
        self._show(UNPROTECTED, float(self._unprotected))
        self._show(EVICTED, 0.0)
        self._loop.pipeline = pipeline
        self._show_memory()
        self._loop.sinks = (self._metrics, Log(f"replayed: {mark}" if mark else ""))
        self._source.start()

    def _make_source(self, settings: Settings) -> Sampling | Player:
        if self._tape is not None:
            return Player(self._tape, self._clock, self._inbox)
        samplers = settings.enabled("samplers")
        return Sampling(self.host, samplers, self._upkeep, self._clock, self._inbox)

    def _restore(self, pipeline: Pipeline) -> None:
        try:
            lost = self._state.restore(pipeline)
        except OSError as error:
            lost = f"state could not be read: {error}"
        if lost:
            _LOG.warning("%s", lost)

    def _save(self) -> None:
        """Keep what we know; a full or read-only disk stops nothing else."""
        if self._tape is not None or self._loop.pipeline is None:
            return
        part, begun, error = "state", monotonic(), ""
        self._upkeep.expect(part, _SAVE_SECONDS, self._clock.now())
        try:
            self._state.save(self._loop.pipeline)
        except OSError as failure:
            error = f"state is not kept: {failure}"
        if self._upkeep.ran(part, self._clock.now(), monotonic() - begun, error) and error:
            _LOG.warning("%s", error)

    def _reload(self) -> None:
        """Take the settings anew, or keep the old ones and say why."""
        notify("RELOADING=1", f"MONOTONIC_USEC={int(monotonic() * 1e6)}")
        try:
            settings = self._reread()
        except SettingsError as error:
            for line in str(error).splitlines():
                _LOG.error("the old settings stay in force: %s", line)
        else:
            for name in _FIXED:
                if getattr(settings, name) != getattr(self._settings, name):
                    _LOG.warning("%s changes only when the daemon is restarted", name)
            if self._source is not None:
                self._source.stop()
            self._apply(settings)
            self._settings = settings
            _LOG.info("settings reloaded")
        notify("READY=1")

    def _ready(self) -> bool:
        return self._source is not None and self._source.complete

    def _show(self, gauge: Family, value: float) -> None:
        if self._metrics is not None:
            self._metrics.set_gauge(gauge.name, gauge.help, value)

    def _show_memory(self) -> None:
        """Show what pipeline and detectors have to tell of what they remember."""
        pipeline = self._loop.pipeline
        if pipeline is None or self._metrics is None:
            return
        self._show(EVICTED, float(pipeline.evicted))
        for detector in pipeline.detectors:
            gauges = getattr(detector, "gauges", None)
            if gauges is not None:
                for name, about, value in gauges(pipeline.states[detector.rule.name]):
                    self._metrics.set_gauge(name, about, value)

    def _played_out(self) -> bool:
        return isinstance(self._source, Player) and self._source.ended and self._inbox.empty()

    def _page(self) -> Page:
        return self._metrics.current if self._metrics else Page.build("0", ())

    def _greet(self, address: str) -> None:
        """Say where to look, in one line."""
        if self._tape is not None:
            _LOG.warning(
                'replaying %s: every series is marked replayed="%s", nothing of this machine is '
                "shown and no finding leaves it",
                self._tape.mark,
                self._tape.mark,
            )
        elif self.host.processes.connector_error:
            _LOG.info("process connector: %s", self.host.processes.connector_error)
        _LOG.info("look at http://%s/ (metrics: http://%s/metrics)", address, address)

    def _close(self, server: WebServer) -> None:
        """End every part; a call that hangs in the driver is left to its own process."""
        if self._source is not None:
            self._source.stop()
        server.stop()
        self._save()
        close_host(self.host)
        _LOG.info("stopped")


def _act(handler: Callable[[], Any], _number: int, _frame: FrameType | None) -> None:
    handler()
