"""The writer: one thread that takes changes to the disk, slow, full or read-only as it may be."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Condition, Thread

from aisec_daemon.journal.kept import Entry, Kept
from aisec_daemon.journal.limits import Limits
from aisec_daemon.journal.retention import prune
from aisec_daemon.journal.store import Store

_LOG = logging.getLogger(__name__)
_BATCH = 256
_EVIDENCE_MAX = 256  # waiting changes that keep their evidence
_RETRY_SECONDS, _RETRY_SECONDS_MAX = 0.5, 30.0
_PRUNE_SECONDS = 60.0
_WRONG = (TypeError, ValueError, KeyError, ArithmeticError, sqlite3.IntegrityError)
FAILURES = (OSError, sqlite3.Error)
_PASSING = ("full", "locked", "busy")  # the file itself is good


class Writer:
    """Writes in order; what cannot be written waits, and what finds no room to wait is `lost`.

    `error` says why nothing is written at the moment, `written` is the last number that was.
    `told` gives the open findings, for a file that has to be begun anew.
    """

    def __init__(
        self,
        file: Path,
        limits: Limits,
        store: Store | None,
        opener: Callable[[Path, float], tuple[Store, str]] = Store.open,
    ) -> None:
        self.error = ""
        self.lost = 0
        self.written = 0
        self.generation = 0
        self.now = 0.0
        self.resync: Callable[[], Kept] = lambda: Kept(self.now)
        self._file = file
        self._limits = limits
        self._store = store
        self._opener = opener
        self._news = Condition()
        self._waiting: deque[Entry] = deque()
        self._kept: Kept | None = None
        self._cursors: dict[str, int] = {}
        self._keeps = 0
        self._closing = False
        self._pruned = 0.0
        self._more = True
        self._thread = Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Changes that wait to be written."""
        return len(self._waiting)

    @property
    def settled(self) -> bool:
        """Whether something was kept, and all of it is on the disk."""
        with self._news:
            return self._keeps > 0 and not (self._waiting or self._kept or self.error)

    @property
    def waited_seconds(self) -> float:
        """How long the oldest of them has waited."""
        with self._news:
            return self.now - self._waiting[0].change.time if self._waiting else 0.0

    def put(self, entries: Sequence[Entry], now: float) -> None:
        """Take changes; never waits for the disk."""
        with self._news:
            self.now = now
            for entry in entries:
                if len(self._waiting) >= self._limits.waiting_max:
                    self._waiting.popleft()
                    self.lost += 1
                if len(self._waiting) >= _EVIDENCE_MAX:
                    entry = replace(entry, change=replace(entry.change, evidence=()))  # noqa: PLW2901
                self._waiting.append(entry)
            if entries:
                self._news.notify_all()

    def keep(self, kept: Kept) -> None:
        """Take what is to be kept, in place of what was to be kept and is not yet."""
        with self._news:
            self._kept = kept
            self._news.notify_all()

    def cursor(self, receiver: str, seq: int) -> None:
        """Take how far a receiver has come."""
        with self._news:
            self._cursors[receiver] = seq
            self._news.notify_all()

    def wait(self, seq: int, seconds: float) -> None:
        """Wait until a change is written, or cannot be, or the time is over."""
        with self._news:
            self._news.wait_for(lambda: self.written >= seq or bool(self.error), seconds)

    def close(self, seconds: float) -> int:
        """Write what waits, for so long at most; return how many changes are not written."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)
        return len(self._waiting)

    def _run(self) -> None:
        pause = _RETRY_SECONDS
        while True:
            with self._news:
                self._news.wait_for(self._has_work, 0.05 if self._more else _PRUNE_SECONDS)
                ending = self._closing
            good = self._turn()
            if ending:
                break
            if not good:
                with self._news:
                    self._news.wait_for(lambda: self._closing, pause)
                pause = min(2 * pause, _RETRY_SECONDS_MAX)
            else:
                pause = _RETRY_SECONDS
        if self._store is not None:
            self._store.close()

    def _has_work(self) -> bool:
        return bool(self._waiting or self._kept or self._cursors or self._closing)

    def _turn(self) -> bool:
        """Write everything that is there now; return whether that went well."""
        try:
            store = self._opened()
            while self._has_work() and self._write(store):
                pass
            if not self._waiting and (self._more or self.now - self._pruned >= _PRUNE_SECONDS):
                self._pruned = self.now
                self._more = prune(
                    store.db, self.now, self._limits.keep_seconds, self._limits.size_max_bytes
                )
        except FAILURES as failure:
            self._failed(failure)
            return False
        return True

    def _opened(self) -> Store:
        """Return the store, opened anew if it was given up."""
        if self._store is None:
            self._store, wrong = self._opener(self._file, self.now)
            self.generation += 1
            if wrong:
                _LOG.error("%s", wrong)
                base = self.resync()
                with self._news:
                    self._kept = self._kept or base
        return self._store

    def _write(self, store: Store) -> bool:
        """Write one batch; return whether there may be more."""
        batch, kept, cursors = self._next()
        try:
            store.write(batch, kept, cursors)
        except _WRONG as fault:
            _LOG.error("the journal cannot hold a change: %r", fault)
            self._singly(store, batch)
        with self._news:
            for entry in batch:
                if self._waiting and self._waiting[0] is entry:
                    self._waiting.popleft()
                self.written = max(self.written, entry.seq)
            if kept is not None:
                self._keeps += 1
                self._kept = None if self._kept is kept else self._kept
            self._cursors = {k: v for k, v in self._cursors.items() if cursors.get(k) != v}
            self.error = ""
            self._news.notify_all()
        return bool(batch) or kept is not None

    def _next(self) -> tuple[list[Entry], Kept | None, dict[str, int]]:
        """Return what is to be written next: what is kept goes behind the changes before it."""
        with self._news:
            kept = self._kept
            most = len(self._waiting)
            if kept is not None:
                most = sum(entry.seq <= kept.after for entry in self._waiting)
            batch = list(islice(self._waiting, min(most, _BATCH)))
            return batch, kept if len(batch) == most else None, dict(self._cursors)

    def _singly(self, store: Store, batch: Sequence[Entry]) -> None:
        """Write one by one, so that only what cannot be written at all is lost."""
        for entry in batch:
            with suppress(*_WRONG):
                store.write([entry], None, {})
                continue
            self.lost += 1

    def _failed(self, failure: Exception) -> None:
        """Note why, and let go of a file that may be damaged."""
        if self._store is not None and not any(word in str(failure) for word in _PASSING):
            with suppress(*FAILURES):
                self._store.close()
            self._store = None
        with self._news:
            self.error = f"the journal is not kept: {failure}"
            self._news.notify_all()
