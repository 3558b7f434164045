"""The daemon: puts the parts together, and lives until it is told to stop."""

from __future__ import annotations

import gc
import logging
import math
import secrets
import signal
from collections.abc import Callable
from functools import partial
from queue import Queue, SimpleQueue
from threading import Event
from time import monotonic
from types import FrameType
from typing import Any

from aisec_daemon import __version__
from aisec_daemon.app import calibration, catalogue, logs, remembered
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.costs import Costs
from aisec_daemon.app.loop import SILENT_SECONDS, Loop
from aisec_daemon.app.memory import SAVE_SECONDS, Memory
from aisec_daemon.app.node import close_host, name_of, open_host
from aisec_daemon.app.notify import Watchdog, notify
from aisec_daemon.app.outlets import Outlets
from aisec_daemon.app.pace import Pace
from aisec_daemon.app.player import Player, Tape
from aisec_daemon.app.sampling import Sampling, periods
from aisec_daemon.app.settings import Settings, SettingsError
from aisec_daemon.app.state import StateDir
from aisec_daemon.app.web.server import WebServer
from aisec_daemon.app.web.sight import Sight
from aisec_daemon.app.web.site import Site
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.model import Snapshot
from aisec_daemon.model.exposition import Board, Family, Page
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.metrics import Metrics

_LOG = logging.getLogger(__name__)
_READY_SECONDS = 30.0  # for all first turns: one that hangs must not have the manager start us anew
_MISSING_SECONDS = 60.0
_INBOX_SNAPSHOTS = 256
UNPROTECTED = Family(
    "aisec_web_unprotected",
    "gauge",
    "1 if others can reach this page without a password or certificate.",
)
_FIXED = ("listen", "state", "root", "web_config", "host", "journal")


class Daemon:
    """Samplers, pipeline, sinks and the page of one node, or of a recording in its place.

    `reread()` gives the settings anew when SIGHUP asks for them; SettingsError keeps the old.
    `nvml` may have begun already. SIGUSR1 lets go of the GPUs, SIGUSR2 takes them
    back, SIGTERM and SIGINT end it.
    """

    def __init__(
        self,
        settings: Settings,
        reread: Callable[[], Settings],
        tape: Tape | None = None,
        nvml: Nvml | None = None,
    ) -> None:
        self._settings = settings
        self._reread = reread
        self._tape = tape
        self._clock = Clock()
        self._upkeep = Upkeep()
        self._inbox: Queue[Snapshot] = Queue(_INBOX_SNAPSHOTS)
        silent = SILENT_SECONDS if tape is None else math.inf  # a tape may have gaps
        self._loop = Loop(self._upkeep, self._clock, self._inbox, silent)
        self._state = StateDir(settings.state)
        self._source: Sampling | Player | None = None
        self._board = Board()
        self._costs = Costs(self._upkeep, self._clock, self._board, replaying=tape is not None)
        self._memory = Memory(
            settings, self._upkeep, self._clock, self._board, replaying=tape is not None
        )
        self._outlets = Outlets(self._upkeep, self._clock)
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()  # safe in a signal's handler
        self._stopping = Event()
        self._reloading = Event()
        key = secrets.token_bytes(32) if tape else self._key()
        self.host = open_host(settings, key, connector=tape is None, nvml=nvml)

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
                sight=self._sight,
            ),
            self._settings.web_config,
            warn=lambda sentence: _LOG.warning("%s", sentence),
        )
        self._board.show(UNPROTECTED, float(server.unprotected))
        self._apply(self._settings)
        server.start()
        try:
            self._greet(server.url)
            gc.freeze()  # what is there now stays: a collection need not go through it each time
            gc.enable()
            self._live()
        finally:
            notify("STOPPING=1")
            self._close(server)

    def _live(self) -> None:
        """Turn the loop; save, reload and feed the watchdog in between."""
        told_ready = False
        watchdog = Watchdog()
        begun = saved = opened = monotonic()
        while not self._stopping.is_set() and not self._played_out():
            self._loop.turn()
            if self._costs.due():
                self._look_at_costs()
            while not self._orders.empty():
                self._orders.get()()
            if self._reloading.is_set():
                self._reloading.clear()
                self._reload()
            if monotonic() - saved >= SAVE_SECONDS:
                saved = monotonic()
                self._memory.save(self._loop.pipeline)
                self._memory.refresh(self._loop.pipeline)
                self._show_memory()
            if monotonic() - opened >= _MISSING_SECONDS:
                opened = monotonic()
                self._outlets.open_missing()
                self._hand_out()
            if not told_ready and (self._ready() or monotonic() - begun >= _READY_SECONDS):
                told_ready = True
                gc.freeze()  # what was imported for first turns stays, too
                notify("READY=1", f"STATUS=metrics on {self._settings.listen}")
            if self._loop.healthy:  # one that sees nothing any more is better started anew
                watchdog.feed()

    def _apply(self, settings: Settings) -> None:
        """Make detectors, sinks and samplers as the settings say, and go on with what we know."""
        detectors = settings.enabled("detectors")
        self._costs.arrange(settings.budget.limits(), settings.budget.shed)
        pace = Pace(periods(settings), self._costs.factor)
        self._source = self._make_source(settings, pace)
        pipeline = Pipeline(
            catalogue.tables(),
            detectors,
            self._tape.periods if self._tape else pace.periods,
            [permit.allow() for permit in settings.allow],
            self._loop.guard,
        )
        if self._loop.pipeline is not None:
            pipeline.inherit(self._loop.pipeline)
            for rule in self._loop.pipeline.rules - pipeline.rules:
                self._upkeep.dismiss(f"detector/{rule}")
        else:
            self._memory.restore(pipeline)
        if fault := calibration.install(pipeline):
            _LOG.warning("%s", fault)
        self._loop.pipeline = pipeline
        self._show_memory()
        self._open_sinks(settings, pipeline)
        self._source.start()

    def _open_sinks(self, settings: Settings, pipeline: Pipeline) -> None:
        """Open sinks as the settings say; while a recording is played, nothing that leaves."""
        self._memory.begin(pipeline)
        place = Place(
            state=settings.state,
            node=name_of(settings.root),
            version=__version__,
            outbox=self._memory.outbox,
            rules=tuple(detector.rule for detector in pipeline.detectors),
            mark=self._tape.mark if self._tape else "",
            board=self._board,
        )
        self._outlets.arrange(settings.outlets(), place)
        self._hand_out()

    def _hand_out(self) -> None:
        """Let the loop give ticks to the sinks that are open now, the outbox first."""
        self._loop.sinks = {self._memory.name: self._memory.outbox, **self._outlets.sinks}

    def _look_at_costs(self) -> None:
        """Look at what all this costs, and shed what is too much."""
        strain = self._source.strain.take() if isinstance(self._source, Sampling) else (0.0, 0)
        told = self._costs.look(self._loop.behind_seconds, *strain)
        if told is not None:
            self._loop.take(told)

    def _make_source(self, settings: Settings, pace: Pace) -> Sampling | Player:
        if self._tape is not None:
            return Player(self._tape, self._clock, self._inbox)
        samplers = settings.enabled("samplers")
        return Sampling(self.host, samplers, self._upkeep, self._clock, self._inbox, pace)

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
            logs.set_level(settings.log_level)
            self._apply(settings)
            self._settings = settings
            _LOG.info("settings reloaded")
        notify("READY=1")

    def _ready(self) -> bool:
        return self._source is not None and self._source.complete

    def _show_memory(self) -> None:
        """Show what pipeline and detectors have to tell of what they remember."""
        if self._loop.pipeline is not None:
            remembered.show(self._board, self._loop.pipeline)

    def _played_out(self) -> bool:
        return isinstance(self._source, Player) and self._source.ended and self._inbox.empty()

    def _page(self) -> Page:
        metrics = self._outlets.sinks.get("metrics")
        return metrics.current if isinstance(metrics, Metrics) else Page("0", list)

    def _sight(self) -> Sight:
        """Return what the page for people shows now."""
        return Sight(
            __version__,
            self._tape.mark if self._tape else name_of(self._settings.root),
            self._clock.now(),
            self._loop.findings,
            self._loop.recent,
            self._tape.mark if self._tape else "",
        )

    def _greet(self, url: str) -> None:
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
        _LOG.info("look at %s (metrics: %smetrics)", url, url)

    def _close(self, server: WebServer) -> None:
        """End every part; a call that hangs in the driver is left to its own process."""
        if self._source is not None:
            self._source.stop()
        server.stop()
        self._memory.save(self._loop.pipeline)
        self._outlets.close()
        self._memory.close()
        close_host(self.host)
        _LOG.info("stopped")


def _act(handler: Callable[[], Any], _number: int, _frame: FrameType | None) -> None:
    handler()
