"""Memory: the journal as the daemon keeps it, or its stand-in where nothing is to be written."""

from __future__ import annotations

import logging
import math
import sqlite3

from aisec_daemon.app import approved, state
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.inventory.kept import Keeper
from aisec_daemon.app.settings import Settings
from aisec_daemon.app.state import StateDir
from aisec_daemon.journal.journal import Journal
from aisec_daemon.journal.kept import Kept
from aisec_daemon.journal.tail import Tail
from aisec_daemon.model.exposition import Board
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep

_LOG = logging.getLogger(__name__)
_PART = "sink/journal"
_APPROVED = "approved"
SAVE_SECONDS = 20.0
"""What a crash may cost of detectors' memory and of findings that nobody was told of yet."""


class Memory:
    """Opens the journal, gives the pipeline what it holds, and keeps what the pipeline knows.

    `outbox` takes every tick before the sinks do; `name` is its part of `upkeep`. While a recording
    is played nothing is written.
    """

    def __init__(
        self, settings: Settings, upkeep: Upkeep, clock: Clock, board: Board, *, replaying: bool
    ) -> None:
        self.name = "outbox"
        self.outbox: Journal | Tail = Tail()
        self._clock = clock
        self._upkeep = upkeep
        self._folder = StateDir(settings.state)
        self._rows = Keeper()
        self._approved = None if replaying else approved.Watch(settings.state)
        if settings.journal.enabled and not replaying:
            self._open(settings, upkeep, board)

    def _open(self, settings: Settings, upkeep: Upkeep, board: Board) -> None:
        now = self._clock.now()
        upkeep.expect(_PART, math.nan, now)
        try:
            self.outbox = Journal(settings.state, now, settings.journal.limits(), board)
        except (OSError, sqlite3.Error) as failure:
            error = f"there is no journal, a crash loses what was found: {failure}"
            upkeep.ran(_PART, now, 0.0, error)
            self.outbox = Tail(board=board)
            _LOG.error("%s: %s", _PART, error)  # one line
            return
        self.name = "journal"
        for sentence in self.outbox.wrong:
            _LOG.error("%s: %s", _PART, sentence)

    def restore(self, pipeline: Pipeline) -> None:
        """Go on where the last daemon stopped."""
        if not isinstance(self.outbox, Journal):
            return
        kept = self.outbox.kept
        if not kept.cases and not kept.states:
            kept = self._import() or kept
        lost = state.restore(kept, pipeline)
        if lost:
            _LOG.warning("%s", lost)

    def _import(self) -> Kept | None:
        """Take over, once, what a version without a journal left."""
        assert isinstance(self.outbox, Journal)  # noqa: S101 # told to mypy
        try:
            old, wrong = self._folder.old()
        except OSError as error:
            old, wrong = None, f"the old state could not be read: {error}"
        if wrong:
            _LOG.warning("%s", wrong)
        if old is not None:
            self.outbox.adopt(old)
            _LOG.info("%d findings of state.json are in the journal now", len(old.cases))
        return old

    def begin(self, pipeline: Pipeline) -> None:
        """Close findings of rules that are gone; receivers yet unknown begin here."""
        cases = [case.finding for case in pipeline.casebook.cases]
        self.outbox.settle(cases, self._clock.now())
        self.outbox.begin()
        if self._approved is not None:
            self._approved.start()
            self.refresh(pipeline)

    def refresh(self, pipeline: Pipeline | None) -> None:
        """Let the pipeline know what is approved by now."""
        if self._approved is None or pipeline is None:
            return
        now = self._clock.now()
        self._upkeep.expect(_APPROVED, math.nan, now)
        self._upkeep.ran(_APPROVED, now, 0.0, "; ".join(self._approved.wrong))
        pipeline.approve(self._approved.latest)

    def save(self, pipeline: Pipeline | None) -> None:
        """Keep what the pipeline knows; never waits for the disk."""
        if pipeline is None or not isinstance(self.outbox, Journal):
            return
        if self.outbox.settled:
            try:
                self._folder.retire_old()
            except OSError as error:
                _LOG.warning("state.json stays where it is: %s", error)
        self.outbox.keep(state.keep(pipeline, self._clock.now()))
        self._rows.keep(pipeline, self.outbox)

    def close(self) -> None:
        """Write what is left."""
        if self._approved is not None:
            self._approved.close()
        try:
            self.outbox.close()
        except OSError as error:
            _LOG.error("%s: %s", _PART, error)  # one line
