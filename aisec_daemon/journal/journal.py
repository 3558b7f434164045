"""The journal: changes first to the disk, then to those who tell people."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from aisec_daemon.journal.families import LOST, WAITING
from aisec_daemon.journal.kept import Kept, KeptCase
from aisec_daemon.journal.limits import Limits
from aisec_daemon.journal.opening import FILE, hold, open_readable
from aisec_daemon.journal.reading import told_between
from aisec_daemon.journal.store import Store
from aisec_daemon.journal.tail import Tail
from aisec_daemon.journal.writer import FAILURES, Opener, Writer
from aisec_daemon.model import Change, Finding, Tick
from aisec_daemon.model.exposition import Board

_WAIT_SECONDS = 0.25
_SLOW_SECONDS = 2.0
_CLOSE_SECONDS = 2.0


class Journal:
    """Keeps what happened in `folder`, and is the outbox of those who tell people.

    A change is handed out once it is on the disk; if the disk fails, or takes more than two
    seconds, it is handed out all the same. `kept` is what was there when it was opened, `wrong` has
    a sentence on each thing that was not well. One thread gives it ticks; any may ask it.
    """

    def __init__(
        self,
        folder: Path,
        now: float,
        limits: Limits | None = None,
        board: Board | None = None,
        opener: Opener = Store.open,
    ) -> None:
        self.wrong: list[str] = []
        self.kept = Kept(now)
        self._file = folder / FILE
        self._board = board or Board()
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._lock_file = hold(folder)
        store = self._open(opener, now)
        self._writer = Writer(self._file, limits or Limits(), store, opener, self._base)
        self._waiting = self._writer.waiting
        self._waiting.now = now
        self._waiting.written = self._tail.seq
        self._writer.start()

    def __call__(self, tick: Tick) -> None:
        """Take a tick; OSError if what changed is not on the disk."""
        behind = len(self._waiting) > 0
        entries = self._tail.take(tick)
        self._waiting.put(entries, tick.time)
        if entries and not behind:
            self._waiting.wait(entries[-1].seq, _WAIT_SECONDS)
        self._board.show(LOST, float(self._waiting.lost))
        self._board.show(WAITING, float(len(self._waiting)))
        if self._waiting.error:
            raise OSError(self._waiting.error)

    def keep(self, kept: Kept) -> None:
        """Keep what a restart needs; it is written behind the changes that came before."""
        with self._tail.lock:
            told = {finding.id for finding in self._tail.told}
            cases = tuple(replace(case, told=case.finding.id in told) for case in kept.cases)
            self._waiting.keep(replace(kept, cases=cases, after=self._tail.seq))

    def adopt(self, kept: Kept) -> None:
        """Take over what was kept elsewhere."""
        self.kept = kept
        self._tail.adopt([case.finding for case in kept.cases if case.told])
        self.keep(kept)

    def remember(self, name: str, version: int, content: bytes) -> None:
        """Keep something under a name, `calibration/drift`, in place of what was there."""
        self._waiting.remember(name, (version, content))

    def recall(self, name: str) -> tuple[int, bytes] | None:
        """Return version and content of what is kept under a name; OSError if unreadable."""
        waiting = self._waiting.recall(name)
        if waiting is not None or not self._file.exists():
            return waiting
        try:
            with closing(open_readable(self._file)) as db:
                return Store(db).recall(name)
        except sqlite3.Error as error:
            raise OSError(f"the journal cannot be read: {error}") from error

    @property
    def settled(self) -> bool:
        """Whether all that was to be written before is on the disk."""
        return self._waiting.settled

    def settle(self, standing: Iterable[Finding], time: float) -> None:
        """Close what is told and no longer among the cases."""
        self._waiting.put(self._tail.settle(standing, time), time)

    def begin(self) -> None:
        """Let receivers that are yet unknown begin here."""
        self._tail.begin()

    def pending(self, receiver: str, limit: int) -> Sequence[tuple[int, Change]]:
        """Return changes not yet done for a receiver, oldest first."""
        known = receiver in self._tail.cursors
        at, first = self._tail.cursor(receiver), self._tail.first
        if not known:
            self._waiting.cursor(receiver, at)
        earlier = self._earlier(at, first, limit) if at + 1 < first else []
        if earlier is None and not self._waiting.error:
            return []  # it will be readable again; nothing is to be left out
        if earlier == [] and limit > 0:
            self._tail.done(receiver, first - 1)  # there is nothing to tell between
        upto = float("inf") if self._overdue else self._waiting.written
        later = self._tail.after(max(at, first - 1), limit, upto)
        return [*(earlier or ()), *later][:limit]

    def done(self, receiver: str, seq: int) -> None:
        """Note that everything up to `seq` is delivered to a receiver."""
        self._tail.done(receiver, seq)
        self._waiting.cursor(receiver, self._tail.cursor(receiver))

    def open_findings(self) -> Sequence[Finding]:
        """Return what is open and told, as it stands."""
        return self._tail.open_findings()

    def close(self) -> None:
        """Write what is left, for two seconds at most; OSError if that is too short."""
        left = self._writer.close(_CLOSE_SECONDS)
        if self._lock_file >= 0:
            os.close(self._lock_file)
            self._lock_file = -1
        if left:
            raise OSError(f"{left} changes of findings could not be written to {self._file}")

    @property
    def _overdue(self) -> bool:
        """Whether what is not on the disk is to be told nevertheless."""
        return bool(self._waiting.error) or self._waiting.waited_seconds > _SLOW_SECONDS

    def _open(self, opener: Opener, now: float) -> Store | None:
        """Open the file and read what is there; a file that cannot be written may be readable."""
        store: Store | None = None
        cursors: dict[str, int] = {}
        try:
            store, wrong = opener(self._file, now)
            self.wrong += [wrong] if wrong else []
            cursors = self._read(store, now)
        except FAILURES as failure:
            self.wrong.append(f"the journal cannot be written: {failure}")
            cursors = self._peek(now)
        self._tail = Tail(
            seq=max(self.kept.after, int(now * 1000)),  # never a number that was used before
            cursors=cursors,
            told=[case.finding for case in self.kept.cases if case.told],
        )
        return store

    def _read(self, store: Store, now: float) -> dict[str, int]:
        self.kept, lost = store.read(now)
        self.wrong += lost
        return store.cursors()

    def _peek(self, now: float) -> dict[str, int]:
        """Read a file that cannot be written."""
        try:
            store = Store(open_readable(self._file))
        except FAILURES:
            return {}
        try:
            return self._read(store, now)
        except FAILURES:
            return {}
        finally:
            store.close()

    def _base(self) -> Kept:
        """Return the open findings, for a file that is begun anew."""
        cases = tuple(KeptCase(finding, told=True) for finding in self._tail.told)
        return Kept(self._waiting.now, cases=cases)

    def _earlier(self, at: int, first: int, limit: int) -> list[tuple[int, Change]] | None:
        """Return what is no longer in memory; None if it cannot be read now.

        The file is not kept open: a reader from a time when it could not be written would keep
        SQLite from writing it later.
        """
        try:
            with closing(open_readable(self._file)) as db:
                return told_between(db, at, first, limit)
        except FAILURES:
            return None
