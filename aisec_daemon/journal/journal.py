"""The journal: changes first to the disk, then to those who tell people."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from aisec_daemon.journal.kept import Kept, KeptCase
from aisec_daemon.journal.limits import Limits
from aisec_daemon.journal.opening import FILE, open_readable
from aisec_daemon.journal.reading import told_between
from aisec_daemon.journal.store import Store
from aisec_daemon.journal.tail import Tail
from aisec_daemon.journal.writer import FAILURES, Writer
from aisec_daemon.model import Change, Finding, Tick
from aisec_daemon.model.exposition import Board, Family

_WAIT_SECONDS = 0.25
_SLOW_SECONDS = 2.0
_CLOSE_SECONDS = 2.0
LOST = Family(
    "aisec_journal_lost_changes_total",
    "counter",
    "Changes of findings that could not be kept: the disk failed for longer than they could wait.",
)
WAITING = Family(
    "aisec_journal_waiting_rows", "gauge", "Changes of findings that wait to be written."
)
FAMILIES = (LOST, WAITING)


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
        limits: Limits = Limits(),  # noqa: B008 # frozen
        board: Board | None = None,
        opener: Callable[[Path, float], tuple[Store, str]] = Store.open,
    ) -> None:
        self.wrong: list[str] = []
        self.kept = Kept(now)
        self._file = folder / FILE
        self._board = board or Board()
        self._reader: tuple[int, sqlite3.Connection] | None = None
        self._reading = Lock()
        self._lock_file = -1
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._hold(folder)
        store = self._open(opener, now)
        self._writer = Writer(self._file, limits, store, opener)
        self._writer.now = now
        self._writer.resync = self._base
        self._writer.written = self._tail.seq
        self._writer.start()

    def __call__(self, tick: Tick) -> None:
        """Take a tick; OSError if what changed is not on the disk."""
        behind = self._writer.waiting > 0
        entries = self._tail.take(tick)
        self._writer.put(entries, tick.time)
        if entries and not behind:
            self._writer.wait(entries[-1].seq, _WAIT_SECONDS)
        self._board.show(LOST, float(self._writer.lost))
        self._board.show(WAITING, float(self._writer.waiting))
        if self._writer.error:
            raise OSError(self._writer.error)

    def keep(self, kept: Kept) -> None:
        """Keep what a restart needs; it is written behind the changes that came before."""
        with self._tail.lock:
            told = {finding.id for finding in self._tail.told}
            cases = tuple(replace(case, told=case.finding.id in told) for case in kept.cases)
            self._writer.keep(replace(kept, cases=cases, after=self._tail.seq))

    def adopt(self, kept: Kept) -> None:
        """Take over what was kept elsewhere."""
        self.kept = kept
        self._tail.adopt([case.finding for case in kept.cases if case.told])
        self.keep(kept)

    @property
    def settled(self) -> bool:
        """Whether all that was to be written before is on the disk."""
        return self._writer.settled

    def settle(self, standing: Iterable[Finding], time: float) -> None:
        """Close what is told and no longer among the cases."""
        self._writer.put(self._tail.settle(standing, time), time)

    def begin(self) -> None:
        """Let receivers that are yet unknown begin here."""
        self._tail.begin()

    def pending(self, receiver: str, limit: int) -> Sequence[tuple[int, Change]]:
        """Return changes not yet done for a receiver, oldest first."""
        known = receiver in self._tail.cursors
        at = self._tail.cursor(receiver)
        if not known:
            self._writer.cursor(receiver, at)
        first = self._tail.first
        earlier = self._earlier(at, first, limit) if at + 1 < first else []
        upto = float("inf") if self._overdue else self._writer.written
        return [*earlier, *self._tail.after(max(at, first - 1), limit, upto)][:limit]

    def done(self, receiver: str, seq: int) -> None:
        """Note that everything up to `seq` is delivered to a receiver."""
        self._tail.done(receiver, seq)
        self._writer.cursor(receiver, self._tail.cursor(receiver))

    def open_findings(self) -> Sequence[Finding]:
        """Return what is open and told, as it stands."""
        return self._tail.open_findings()

    def close(self) -> None:
        """Write what is left, for two seconds at most; OSError if that is too short."""
        left = self._writer.close(_CLOSE_SECONDS)
        with self._reading:
            if self._reader is not None:
                self._reader[1].close()
                self._reader = None
        if self._lock_file >= 0:
            os.close(self._lock_file)
            self._lock_file = -1
        if left:
            raise OSError(f"{left} changes of findings could not be written to {self._file}")

    @property
    def _overdue(self) -> bool:
        """Whether what is not on the disk is to be told nevertheless."""
        return bool(self._writer.error) or self._writer.waited_seconds > _SLOW_SECONDS

    def _hold(self, folder: Path) -> None:
        """Make sure that no other daemon writes here."""
        self._lock_file = os.open(
            folder / "journal.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock_file)
            raise OSError(f"another daemon keeps its journal in {folder}") from None

    def _open(self, opener: Callable[[Path, float], tuple[Store, str]], now: float) -> Store | None:
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
        return Kept(self._writer.now, cases=cases)

    def _earlier(self, at: int, first: int, limit: int) -> list[tuple[int, Change]]:
        """Return what is no longer in memory; nothing if it cannot be read now."""
        with self._reading:
            try:
                generation = self._writer.generation
                if self._reader is None or self._reader[0] != generation:
                    self._reader = generation, open_readable(self._file)
                return told_between(self._reader[1], at, first, limit)
            except FAILURES:
                self._reader = None
                return []
