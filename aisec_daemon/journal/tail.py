"""The tail: the latest changes in memory, as an outbox."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from threading import RLock

from aisec_daemon.journal.families import LOST
from aisec_daemon.journal.kept import Entry
from aisec_daemon.journal.told import to_tell
from aisec_daemon.model import Change, Finding, Status, Tick
from aisec_daemon.model.exposition import Board

_GONE = "its rule no longer runs"
SIZE = 4096
_DONE = 128  # kept of what every receiver has


class Tail:
    """An outbox of bounded size; what falls off its end before every receiver has it is `lost`.

    Of what they all have, little is kept: months of findings must not fill memory.
    `seq` is the number of the last change before it, `cursors` how far receivers have come, `told`
    the open findings they know of. With a `board`, what it takes is shown there as not kept.
    """

    def __init__(
        self,
        size: int | None = None,
        *,
        seq: int = 0,
        cursors: Mapping[str, int] | None = None,
        told: Iterable[Finding] = (),
        board: Board | None = None,
    ) -> None:
        self.lost = 0
        self.seq = seq
        self.cursors = dict(cursors or {})
        self.lock = RLock()
        self._entries: deque[Entry] = deque()
        self._size = size or SIZE
        self._begin = seq
        self._board = board
        self._taken = 0
        self._told = {finding.id: finding for finding in told}
        self._open: tuple[Finding, ...] = tuple(self._told.values())

    def __call__(self, tick: Tick) -> None:
        """Take what changed and what is open."""
        self.take(tick)
        if self._board is not None:
            self._taken += len(tick.changes)
            self._board.show(LOST, float(self._taken))

    def take(self, tick: Tick) -> list[Entry]:
        """Take what changed and what is open; return the changes by their numbers."""
        with self.lock:
            self._open = tick.findings
            return [self._number(change) for change in tick.changes]

    def settle(self, standing: Iterable[Finding], time: float) -> list[Entry]:
        """Close what is told and no longer among the cases, since its rule was switched off."""
        with self.lock:
            names = {finding.id for finding in standing}
            orphans = [finding for name, finding in self._told.items() if name not in names]
            return [self._number(_orphaned(finding, time)) for finding in orphans]

    def adopt(self, told: Iterable[Finding]) -> None:
        """Take over open findings that receivers know of."""
        with self.lock:
            self._told.update({finding.id: finding for finding in told})
            self._open = tuple(self._told.values())

    def begin(self) -> None:
        """Let receivers that are yet unknown begin here."""
        with self.lock:
            self._begin = self.seq

    @property
    def told(self) -> tuple[Finding, ...]:
        """Open findings that receivers know of, as they were last told."""
        with self.lock:
            return tuple(self._told.values())

    @property
    def first(self) -> int:
        """Number of the oldest change that is still here, or of the next one."""
        with self.lock:
            return self._entries[0].seq if self._entries else self.seq + 1

    def cursor(self, receiver: str) -> int:
        """Return how far a receiver has come."""
        with self.lock:
            return self.cursors.setdefault(receiver, self._begin)

    def after(self, seq: int, limit: int, upto: float = float("inf")) -> list[tuple[int, Change]]:
        """Return what is to be told of changes behind one number, up to another."""
        with self.lock:
            found = [(e.seq, e.tell) for e in self._entries if seq < e.seq <= upto and e.tell]
        return [(number, tell) for number, tell in found if tell is not None][:limit]

    def pending(self, receiver: str, limit: int) -> Sequence[tuple[int, Change]]:
        """Return changes not yet done for a receiver, oldest first."""
        return self.after(self.cursor(receiver), limit)

    def done(self, receiver: str, seq: int) -> None:
        """Note that everything up to `seq` is delivered to a receiver."""
        with self.lock:
            self.cursors[receiver] = max(self.cursor(receiver), seq)

    def open_findings(self) -> Sequence[Finding]:
        """Return what is open and told, as it stands."""
        with self.lock:
            return tuple(finding for finding in self._open if finding.id in self._told)

    def close(self) -> None:
        """Nothing is held."""

    def _has_all(self, seq: int) -> bool:
        """Whether every receiver that there is has come so far."""
        return all(cursor >= seq for cursor in self.cursors.values())

    def _number(self, change: Change) -> Entry:
        """Give a change its number and keep what is told of it."""
        name = change.finding.id
        tell = to_tell(change, name in self._told)
        if tell is not None and tell.what == "closed":
            del self._told[name]
        elif tell is not None:
            self._told[name] = tell.finding
        self.seq += 1
        while len(self._entries) >= _DONE and self._has_all(self._entries[0].seq):
            self._entries.popleft()
        if len(self._entries) >= self._size:
            oldest = self._entries.popleft()
            wanted = oldest.tell and any(c < oldest.seq for c in self.cursors.values())
            self.lost += bool(wanted)
        light = replace(tell, evidence=()) if tell else None
        self._entries.append(Entry(self.seq, replace(change, evidence=()), light))
        return Entry(self.seq, change, tell)


def _orphaned(finding: Finding, time: float) -> Change:
    """Return the closing of a finding that nobody judges any more."""
    reason = f"{finding.reason} (closed: {_GONE})"
    return Change(
        time, "closed", replace(finding, status=Status.CLOSED, closed=time, reason=reason)
    )
