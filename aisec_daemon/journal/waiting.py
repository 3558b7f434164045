"""What waits to be written: in order, bounded, and asked by several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Condition
from typing import TypeAlias, TypeVar

from aisec_daemon.journal.kept import Entry, Kept

_T = TypeVar("_T")
_BATCH = 256
_EVIDENCE_MAX = 256  # waiting changes that keep their evidence


Memory: TypeAlias = tuple[int, bytes]
"""What is kept under a name: its version and its content."""


@dataclass(frozen=True)
class Batch:
    """What is to be written in one transaction."""

    entries: tuple[Entry, ...]
    kept: Kept | None
    cursors: dict[str, int]
    memories: dict[str, Memory] = field(default_factory=dict)


class Waiting:
    """Changes, what is to be kept, cursors and memories. What finds no room to wait is `lost`.

    `written` is the last number that is on the disk, `error` why nothing gets there at the moment,
    `now` the time of the latest tick.
    """

    def __init__(self, most: int) -> None:
        self.news = Condition()
        self.error = ""
        self.lost = 0
        self.written = 0
        self.now = 0.0
        self.closing = False
        self._most = most
        self._entries: deque[Entry] = deque()
        self._kept: Kept | None = None
        self._cursors: dict[str, int] = {}
        self._memories: dict[str, Memory] = {}
        self._keeps = 0

    def __len__(self) -> int:
        """Count the changes that wait."""
        return len(self._entries)

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._entries or self._kept or self._cursors or self._memories)

    @property
    def settled(self) -> bool:
        """Whether something was kept, and nothing is left to be written."""
        with self.news:
            return self._keeps > 0 and not (self.any or self.error)

    @property
    def waited_seconds(self) -> float:
        """How long the oldest change has waited."""
        with self.news:
            return self.now - self._entries[0].change.time if self._entries else 0.0

    def put(self, entries: Sequence[Entry], now: float) -> None:
        """Take changes; never waits for the disk."""
        with self.news:
            self.now = now
            for entry in entries:
                if len(self._entries) >= self._most:
                    self._entries.popleft()
                    self.lost += 1
                full = len(self._entries) >= _EVIDENCE_MAX
                self._entries.append(_bare(entry) if full else entry)
            if entries:
                self.news.notify_all()

    def keep(self, kept: Kept, *, instead: bool = True) -> None:
        """Take what is to be kept, in place of what is not yet; or only if there is none."""
        with self.news:
            if instead or self._kept is None:
                self._kept = kept
            self.news.notify_all()

    def cursor(self, receiver: str, seq: int) -> None:
        """Take how far a receiver has come."""
        with self.news:
            self._cursors[receiver] = seq
            self.news.notify_all()

    def remember(self, name: str, memory: Memory) -> None:
        """Take what is to be kept under a name."""
        with self.news:
            self._memories[name] = memory
            self.news.notify_all()

    def recall(self, name: str) -> Memory | None:
        """Return what is to be kept under a name and is not yet."""
        with self.news:
            return self._memories.get(name)

    def wait(self, seq: int, seconds: float) -> None:
        """Wait until a change is written, or cannot be, or the time is over."""
        with self.news:
            self.news.wait_for(lambda: self.written >= seq or bool(self.error), seconds)

    def next(self) -> Batch:
        """Return what is to be written next: what is kept goes behind the changes before it."""
        with self.news:
            kept = self._kept
            most = len(self._entries)
            if kept is not None:
                most = sum(entry.seq <= kept.after for entry in self._entries)
            entries = tuple(islice(self._entries, min(most, _BATCH)))
            kept = kept if len(entries) == most else None
            return Batch(entries, kept, dict(self._cursors), dict(self._memories))

    def done(self, batch: Batch, *, whole: bool) -> None:
        """Note that a batch is written; if not `whole`, then of its changes what could be."""
        with self.news:
            for entry in batch.entries:
                if self._entries and self._entries[0] is entry:
                    self._entries.popleft()
                self.written = max(self.written, entry.seq)
            if batch.kept is not None and self._kept is batch.kept:
                self._kept = None
            if whole:
                self._keeps += batch.kept is not None
                self._cursors = _left(self._cursors, batch.cursors)
                self._memories = _left(self._memories, batch.memories)
            self.error = ""
            self.news.notify_all()

    def fail(self, error: str) -> None:
        """Note why nothing is written."""
        with self.news:
            self.error = error
            self.news.notify_all()


def _left(waiting: dict[str, _T], written: dict[str, _T]) -> dict[str, _T]:
    """Return what came, or changed, since it was written."""
    return {name: value for name, value in waiting.items() if written.get(name) != value}


def _bare(entry: Entry) -> Entry:
    return replace(entry, change=replace(entry.change, evidence=()))
