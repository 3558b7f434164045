"""The tail: the latest changes in memory, as an outbox."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import RLock

from aisec_daemon.journal.told import to_tell
from aisec_daemon.model import Change, Finding, Tick


class Tail:
    """An outbox of bounded size; what falls off its end before every receiver has it is `lost`."""

    def __init__(self, size: int = 4096) -> None:
        self.lost = 0
        self._lock = RLock()
        self._changes: deque[tuple[int, Change]] = deque()
        self._size = size
        self._seq = 0
        self._begin = 0
        self._cursors: dict[str, int] = {}
        self._told: set[str] = set()
        self._open: tuple[Finding, ...] = ()

    def __call__(self, tick: Tick) -> None:
        """Take what changed and what is open."""
        with self._lock:
            for change in tick.changes:
                self._take(change)
            self._open = tick.findings

    def begin(self) -> None:
        """Let receivers that are yet unknown begin here."""
        with self._lock:
            self._begin = self._seq

    def pending(self, receiver: str, limit: int) -> Sequence[tuple[int, Change]]:
        """Return changes not yet done for a receiver, oldest first."""
        with self._lock:
            at = self._cursors.setdefault(receiver, self._begin)
            return [entry for entry in self._changes if entry[0] > at][:limit]

    def done(self, receiver: str, seq: int) -> None:
        """Note that everything up to `seq` is delivered to a receiver."""
        with self._lock:
            self._cursors[receiver] = max(self._cursors.get(receiver, self._begin), seq)

    def open_findings(self) -> Sequence[Finding]:
        """Return what is open and told."""
        with self._lock:
            return tuple(finding for finding in self._open if finding.id in self._told)

    def close(self) -> None:
        """Nothing is kept."""

    def _take(self, change: Change) -> None:
        name = change.finding.id
        tell = to_tell(change, name in self._told)
        if tell is None:
            return
        if tell.what == "closed":
            self._told.discard(name)
        else:
            self._told.add(name)
        self._seq += 1
        if len(self._changes) >= self._size:
            oldest, _ = self._changes.popleft()
            self.lost += any(cursor < oldest for cursor in self._cursors.values())
        self._changes.append((self._seq, tell))
