"""The store: the journal's tables in SQLite, written by one thread."""

from __future__ import annotations

import math
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from aisec_daemon.journal.cases import DETECTOR, cases_of, salvage, states_of
from aisec_daemon.journal.kept import Entry, Kept, KeptCase, pack_state
from aisec_daemon.journal.opening import DamagedError, open_writable, set_aside
from aisec_daemon.journal.packing import (
    ascii_text,
    original,
    pack_evidence,
    pack_finding,
)
from aisec_daemon.model import Status

_DAMAGE = (ValueError, KeyError, TypeError, zlib.error, sqlite3.DatabaseError)


class Store:
    """Changes, findings as they stand, memories and cursors. Calls raise OSError or sqlite3.Error.

    What is told must outlive a power cut: changes are synced before they are handed out (FULL).
    Saves and cursors outlive a kill at once and a power cut within a few seconds (NORMAL): they may
    be as of a little earlier, never damaged.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._saved: dict[str, tuple[int, int]] = {}

    @classmethod
    def open(cls, file: Path, now: float) -> tuple[Store, str]:
        """Open the file; return the store and a sentence on what was wrong with it.

        A damaged file is set aside; what can still be read of its open findings lives on.
        """
        try:
            return cls(open_writable(file, now)), ""
        except DamagedError as damage:
            kept = salvage(file, now)
            aside = set_aside(file, now)
            store = cls(open_writable(file, now))
            store.write([], kept, {})
            rescued = f", {len(kept.cases)} findings live on" if kept.cases else ""
            return store, f"{file} is damaged ({damage}); set aside as {aside.name}{rescued}"

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def write(
        self, entries: Sequence[Entry], kept: Kept | None, cursors: Mapping[str, int]
    ) -> None:
        """Write changes, then what is kept, then cursors, all or nothing."""
        with self._transaction(durable=bool(entries)):
            for entry in entries:
                self._change(entry)
            if kept is not None:
                self._keep(kept)
            self.db.executemany(
                "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (receiver)"
                " DO UPDATE SET seq = max(seq, excluded.seq)",
                [(ascii_text(receiver), seq) for receiver, seq in cursors.items()],
            )

    def remember(self, name: str, version: int, content: bytes, now: float) -> None:
        """Keep something under a name, in place of what was there."""
        mark = (version, hash(content))
        if self._saved.get(name) == mark:
            return
        self.db.execute(
            "INSERT OR REPLACE INTO memory VALUES (?, ?, ?, ?)", (name, version, now, content)
        )
        self._saved[name] = mark

    def recall(self, name: str) -> tuple[int, bytes] | None:
        """Return version and content of what is kept under a name."""
        found = self.db.execute("SELECT version, content FROM memory WHERE name = ?", (name,))
        row = found.fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def read(self, now: float) -> tuple[Kept, list[str]]:
        """Return what was kept last, and a sentence on each piece that is damaged."""
        cases, lost = cases_of(self.db)
        states, forgotten = states_of(self.db)
        return Kept(now, states, tuple(cases), self.last()), lost + forgotten

    def last(self) -> int:
        """Return the number of the last change."""
        (seq,) = self.db.execute("SELECT coalesce(max(seq), 0) FROM change").fetchone()
        return int(seq)

    def cursors(self) -> dict[str, int]:
        """Return how far each receiver has come."""
        rows = self.db.execute("SELECT receiver, seq FROM cursor").fetchall()
        return {original(receiver): int(seq) for receiver, seq in rows}

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[None]:
        self.db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            self._saved.clear()
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def _change(self, entry: Entry) -> None:
        change, finding = entry.change, entry.change.finding
        self.db.execute(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.seq,
                change.time,
                ascii_text(finding.id),
                change.what,
                entry.tell.what if entry.tell else None,
                pack_finding(finding),
                pack_evidence(change.evidence) if change.evidence else None,
            ),
        )
        told = entry.tell is not None and entry.tell.what != "closed"
        self._stand(KeptCase(finding, told=told), change.time)

    def _stand(self, case: KeptCase, time: float) -> None:
        """Write a finding as it stands."""
        finding = case.finding
        self.db.execute(
            "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id)"
            " DO UPDATE SET status = excluded.status, severity = excluded.severity,"
            " user = excluded.user, opened = excluded.opened, closed = excluded.closed,"
            " seen = excluded.seen,"
            " calm_since = excluded.calm_since, told = excluded.told, body = excluded.body",
            (
                ascii_text(finding.id),
                ascii_text(finding.rule.name),
                finding.status.value,
                int(finding.severity),
                ascii_text(finding.labels.get("user", "")),
                _number(finding.opened),
                _number(finding.closed),
                time,
                _number(case.calm_since),
                int(case.told),
                pack_finding(finding),
            ),
        )

    def _keep(self, kept: Kept) -> None:
        """Write memories and cases; a case that is not among them is no longer open."""
        for rule, (version, state) in kept.states.items():
            self.remember(DETECTOR + rule, version, pack_state(state), kept.time)
        for case in kept.cases:
            self._stand(case, kept.time)
        names = {ascii_text(case.finding.id) for case in kept.cases}
        rows = self.db.execute("SELECT id, status FROM finding WHERE status != 'closed'").fetchall()
        for name, status in rows:
            if name in names:
                continue
            if status == Status.PENDING.value:
                self.db.execute("DELETE FROM finding WHERE id = ?", (name,))
            else:
                query = "UPDATE finding SET status = 'closed', closed = ?, told = 0 WHERE id = ?"
                self.db.execute(query, (kept.time, name))


def _number(number: float) -> float | None:
    return None if math.isnan(number) else number
