"""Retention: what is old, or too much, goes, a little at a time."""

from __future__ import annotations

import sqlite3

_ROWS = 200  # deleted in one transaction: milliseconds, so that a change never waits long
_PAGES = 500


def size_bytes(db: sqlite3.Connection) -> int:
    """Return how much of the file is in use."""
    count, free, page = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (count - free) * page


def prune(db: sqlite3.Connection, now: float, keep_seconds: float, size_max_bytes: int) -> bool:
    """Delete a little of what is too old or too much; return whether there is more to delete.

    An open finding stays, with its opening and the evidence of it.
    """
    before = now - keep_seconds
    deleted = _delete(db, "time < ?", before)
    deleted += _finish(db, before)
    if not deleted and size_bytes(db) > size_max_bytes:
        deleted = _delete(db, "1 OR ?", 0.0)
        _finish(db, None)
    db.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    return deleted >= _ROWS or (deleted > 0 and size_bytes(db) > size_max_bytes)


def _delete(db: sqlite3.Connection, condition: str, value: float) -> int:
    """Delete the oldest changes that a condition holds for."""
    return db.execute(
        f"DELETE FROM change WHERE seq IN (SELECT seq FROM change WHERE ({condition})"  # noqa: S608
        " AND NOT (what = 'opened' AND EXISTS (SELECT 1 FROM finding"
        " WHERE finding.id = change.finding AND finding.status != 'closed'))"
        f" ORDER BY seq LIMIT {_ROWS})",
        (value,),
    ).rowcount


def _finish(db: sqlite3.Connection, before: float | None) -> int:
    """Delete closed findings that are old, or of which nothing is left, and their notes."""
    condition = "seen < ?" if before is not None else "? IS NULL"
    deleted = db.execute(
        "DELETE FROM finding WHERE rowid IN (SELECT rowid FROM finding WHERE status = 'closed'"  # noqa: S608
        f" AND {condition} AND NOT EXISTS (SELECT 1 FROM change WHERE change.finding = finding.id)"
        f" LIMIT {_ROWS})",
        (before,),
    ).rowcount
    if deleted:
        db.execute("DELETE FROM acknowledgement WHERE finding NOT IN (SELECT id FROM finding)")
    return deleted
