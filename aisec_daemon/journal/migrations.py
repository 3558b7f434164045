"""How the journal's tables came to be: functions that are run once each, in order, and recorded.

Whoever changes a table appends a function; one that was ever released is never changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

NEWER = "it was written by a newer version of aisec-daemon"


def tables(db: sqlite3.Connection) -> None:
    """Make the tables.

    `finding` holds every finding as it stands, pending ones too, and when it was last `seen` so;
    `change` what happened to it, in order, with `tell` for what receivers are told of it (null:
    nothing); `cursor` how far each receiver has come; `memory` what detectors and others want to
    know again.
    """
    db.execute(
        """CREATE TABLE finding (
            id TEXT PRIMARY KEY, rule TEXT NOT NULL, status TEXT NOT NULL,
            severity INTEGER NOT NULL, user TEXT NOT NULL, opened REAL, closed REAL,
            seen REAL NOT NULL, calm_since REAL, told INTEGER NOT NULL, body TEXT NOT NULL)"""
    )
    db.execute("CREATE INDEX finding_status ON finding (status, seen)")
    db.execute(
        """CREATE TABLE change (
            seq INTEGER PRIMARY KEY, time REAL NOT NULL, finding TEXT NOT NULL,
            what TEXT NOT NULL, tell TEXT, body TEXT NOT NULL, evidence BLOB)"""
    )
    db.execute("CREATE INDEX change_finding ON change (finding, seq)")
    db.execute("CREATE INDEX change_time ON change (time)")
    db.execute("CREATE TABLE cursor (receiver TEXT PRIMARY KEY, seq INTEGER NOT NULL)")
    db.execute(
        """CREATE TABLE memory (
            name TEXT PRIMARY KEY, version INTEGER NOT NULL, time REAL NOT NULL,
            content BLOB NOT NULL)"""
    )
    db.execute(
        """CREATE TABLE acknowledgement (
            number INTEGER PRIMARY KEY, finding TEXT NOT NULL, time REAL NOT NULL,
            who TEXT NOT NULL, reason TEXT NOT NULL, expires REAL)"""
    )
    db.execute("CREATE INDEX acknowledgement_finding ON acknowledgement (finding)")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (tables,)


def migrate(db: sqlite3.Connection, time: float) -> None:
    """Run what this file has not seen yet, each with its record in one transaction."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS migration"
        " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, time REAL NOT NULL)"
    )
    (done,) = db.execute("SELECT coalesce(max(number), 0) FROM migration").fetchone()
    if done > len(MIGRATIONS):
        raise OSError(NEWER)
    for number, step in enumerate(MIGRATIONS[done:], done + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute("INSERT INTO migration VALUES (?, ?, ?)", (number, step.__name__, time))
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
