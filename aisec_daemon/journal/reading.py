"""Reading the journal: what is to be told, and what people ask it."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aisec_daemon.journal.packing import (
    ascii_text,
    original,
    unpacked,
    unpacked_evidence,
)
from aisec_daemon.model import Change, Finding, Severity, Status


@dataclass(frozen=True)
class Wanted:
    """Which findings are asked for; what is empty asks for nothing in particular."""

    rule: str = ""
    status: str = ""
    severity: Severity = Severity.INFO  # and above
    since: float = -math.inf  # seen or changed at or after
    user: str = ""


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody has seen a finding: recorded and shown, it silences nothing."""

    finding: str
    time: float
    who: str
    reason: str
    expires: float = math.nan


def told_between(
    db: sqlite3.Connection, after: int, before: int, limit: int
) -> list[tuple[int, Change]]:
    """Return what receivers are to be told of changes between two numbers, oldest first.

    A change that is damaged is left out.
    """
    rows = db.execute(
        "SELECT seq, time, tell, body FROM change"
        " WHERE seq > ? AND seq < ? AND tell IS NOT NULL ORDER BY seq LIMIT ?",
        (after, before, limit),
    )
    found = []
    for seq, time, tell, body in rows.fetchall():
        finding = unpacked(body)
        if finding is None:
            continue
        if tell == "closed" and finding.status is not Status.CLOSED:  # withdrawn: it is allowed
            finding = replace(finding, status=Status.CLOSED, closed=float(time))
        found.append((int(seq), Change(float(time), tell, finding)))
    return found


def findings(db: sqlite3.Connection, wanted: Wanted) -> Iterator[Finding]:
    """Yield findings as they stand, what was seen last first."""
    conditions = ["severity >= ?", "seen >= ?"]
    values: list[object] = [int(wanted.severity), wanted.since]
    for column in ("rule", "status", "user"):
        word = getattr(wanted, column)
        if word:
            conditions.append(f"{column} = ?")
            values.append(ascii_text(word))
    rows = db.execute(
        "SELECT body, status, closed FROM finding WHERE "  # noqa: S608 # made of constants
        + " AND ".join(conditions)
        + " ORDER BY seen DESC, id",
        values,
    )
    for body, status, closed in rows:
        finding = unpacked(body)
        if finding is not None:
            yield _standing(finding, status, closed)


def find(db: sqlite3.Connection, prefix: str) -> list[Finding]:
    """Return the findings whose id begins so."""
    start = ascii_text(prefix)
    rows = db.execute(
        "SELECT body, status, closed FROM finding WHERE substr(id, 1, ?) = ? ORDER BY id",
        (len(start), start),
    )
    found = [(unpacked(body), status, closed) for body, status, closed in rows]
    return [_standing(each, status, closed) for each, status, closed in found if each]


def changes(
    db: sqlite3.Connection, finding: str = "", since: float = -math.inf
) -> Iterator[tuple[int, Change]]:
    """Yield what happened, in order, with the evidence; of one finding, or of all."""
    rows = db.execute(
        "SELECT seq, time, what, body, evidence FROM change"
        " WHERE (?1 = '' OR finding = ?1) AND time >= ?2 ORDER BY seq",
        (ascii_text(finding), since),
    )
    for seq, time, what, body, packed in rows:
        found = unpacked(body)
        if found is not None:
            yield int(seq), Change(float(time), what, found, unpacked_evidence(packed))


def acknowledgements(db: sqlite3.Connection, finding: str = "") -> list[Acknowledgement]:
    """Return who has seen a finding, or any of them, in order."""
    rows = db.execute(
        "SELECT finding, time, who, reason, expires FROM acknowledgement"
        " WHERE (?1 = '' OR finding = ?1) ORDER BY number",
        (ascii_text(finding),),
    )
    return [
        Acknowledgement(
            original(name),
            float(time),
            original(who),
            original(reason),
            math.nan if expires is None else float(expires),
        )
        for name, time, who, reason, expires in rows
    ]


def acknowledge(db: sqlite3.Connection, note: Acknowledgement) -> None:
    """Record that somebody has seen a finding."""
    words: Sequence[str] = (note.finding, note.who, note.reason)
    name, who, reason = map(ascii_text, words)
    expires = None if math.isnan(note.expires) else note.expires
    db.execute(
        "INSERT INTO acknowledgement (finding, time, who, reason, expires) VALUES (?, ?, ?, ?, ?)",
        (name, note.time, who, reason, expires),
    )


def _standing(finding: Finding, status: str, closed: float | None) -> Finding:
    """Return a finding as its row says it stands."""
    if finding.status.value == status:
        return finding
    return replace(finding, status=Status(status), closed=math.nan if closed is None else closed)
