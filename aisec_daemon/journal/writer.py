"""The writer: one thread that takes changes to the disk, slow, full or read-only as it may be."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from aisec_daemon.journal.kept import Kept
from aisec_daemon.journal.limits import Limits
from aisec_daemon.journal.retention import prune
from aisec_daemon.journal.store import Store
from aisec_daemon.journal.waiting import Batch, Waiting

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS, _RETRY_SECONDS_MAX = 0.5, 30.0
_PRUNE_SECONDS, _PRUNE_MORE_SECONDS = 60.0, 0.05
_WRONG = (TypeError, ValueError, KeyError, ArithmeticError, sqlite3.IntegrityError)
FAILURES = (OSError, sqlite3.Error)
_PASSING = ("full", "locked", "busy")  # the file itself is good

Opener = Callable[[Path, float], tuple[Store, str]]


class Writer:
    """Writes in order; what cannot be written waits.

    `resync` gives what is open, for a file that has to be begun anew.
    """

    def __init__(
        self,
        file: Path,
        limits: Limits,
        store: Store | None,
        opener: Opener,
        resync: Callable[[], Kept],
    ) -> None:
        self.waiting = Waiting(limits.waiting_max)
        self._file = file
        self._limits = limits
        self._store = store
        self._opener = opener
        self._resync = resync
        self._pruned = 0.0
        self._more = True
        self._thread = Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, seconds: float) -> int:
        """Write what waits, for so long at most; return how many changes are not written."""
        waiting = self.waiting
        with waiting.news:
            waiting.closing = True
            waiting.news.notify_all()
        self._thread.join(seconds)
        return len(waiting)

    def _run(self) -> None:
        waiting, pause = self.waiting, _RETRY_SECONDS
        while True:
            idle = _PRUNE_MORE_SECONDS if self._more else _PRUNE_SECONDS
            with waiting.news:
                waiting.news.wait_for(lambda: waiting.any or waiting.closing, idle)
                ending = waiting.closing
            good = self._turn()
            if ending:
                break
            if good:
                pause = _RETRY_SECONDS
                continue
            with waiting.news:
                waiting.news.wait_for(lambda: waiting.closing, pause)
            pause = min(2 * pause, _RETRY_SECONDS_MAX)
        if self._store is not None:
            self._store.close()

    def _turn(self) -> bool:
        """Write everything that is there now; return whether that went well."""
        try:
            store = self._opened()
            while self.waiting.any:
                self._write(store, self.waiting.next())
            self._prune(store)
        except FAILURES as failure:
            self._failed(failure)
            return False
        except Exception as fault:  # noqa: BLE001 # a thread that dies would say nothing
            _LOG.exception("the journal")
            self._failed(fault)
            return False
        return True

    def _opened(self) -> Store:
        """Return the store, opened anew if it was given up."""
        if self._store is None:
            self._store, wrong = self._opener(self._file, self.waiting.now)
            if wrong:
                _LOG.error("%s", wrong)
                self.waiting.keep(self._resync(), instead=False)
        return self._store

    def _write(self, store: Store, batch: Batch) -> None:
        """Write one batch; only what cannot be written at all is lost."""
        try:
            store.write(batch.entries, batch.kept, batch.cursors)
            for name, (version, content) in batch.memories.items():
                store.remember(name, version, content, self.waiting.now)
        except _WRONG as fault:
            _LOG.error("the journal cannot hold a change: %r", fault)
        else:
            self.waiting.done(batch, whole=True)
            return
        for entry in batch.entries:
            with suppress(*_WRONG):
                store.write([entry], None, {})
                continue
            self.waiting.lost += 1
        self.waiting.done(batch, whole=False)

    def _prune(self, store: Store) -> None:
        """Delete a little of what is too old or too much."""
        now = self.waiting.now
        if self._more or now - self._pruned >= _PRUNE_SECONDS:
            self._pruned = now
            self._more = prune(
                store.db, now, self._limits.keep_seconds, self._limits.size_max_bytes
            )

    def _failed(self, failure: Exception) -> None:
        """Note why, and let go of a file that may be damaged."""
        if self._store is not None and not any(word in str(failure) for word in _PASSING):
            with suppress(*FAILURES):
                self._store.close()
            self._store = None
        self.waiting.fail(f"the journal is not kept: {failure}")
