"""Opening the journal's file: checked, migrated, and set aside when it is damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from aisec_daemon.journal.migrations import migrate

FILE = "journal.db"
LOCK = "journal.lock"
_BUSY_SECONDS = 5.0
_WAL_BYTES = 4 << 20


class DamagedError(sqlite3.DatabaseError):
    """The file is not what SQLite left there."""


def open_writable(file: Path, now: float) -> sqlite3.Connection:
    """Open or make the file; DamagedError if it is damaged, OSError or sqlite3.Error else.

    Write-ahead log: a crash leaves each transaction whole or not there, and readers never wait.
    """
    if not file.exists():  # a descriptor of a file in use must not be closed: its locks would go
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(file, _BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _check(db)
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table
        _log_ahead(db)
        db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        migrate(db, now)
    except BaseException:
        db.close()
        raise
    return db


def open_readable(file: Path) -> sqlite3.Connection:
    """Open the file to read it only, the daemon running or not; OSError or sqlite3.Error."""
    if not file.exists():
        raise FileNotFoundError(f"there is no journal at {file}")
    try:
        return _readable(file, "mode=ro")
    except sqlite3.OperationalError:
        if file.with_name(f"{file.name}-wal").exists():
            raise
        return _readable(file, "mode=ro&immutable=1")  # nobody writes, and we may not make a log


def _readable(file: Path, mode: str) -> sqlite3.Connection:
    address = f"{file.resolve().as_uri()}?{mode}"
    db = sqlite3.connect(
        address, _BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True
    )
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _log_ahead(db: sqlite3.Connection) -> None:
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise OSError(f"the file system allows no write-ahead log (journal mode {mode})")


def _check(db: sqlite3.Connection) -> None:
    """Raise DamagedError unless the file's structure is whole."""
    try:
        found = [row[0] for row in db.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedError(str(error)) from error
    if found != ["ok"]:
        raise DamagedError(" ".join(str(found[0]).split()))


def set_aside(file: Path, now: float) -> Path:
    """Rename a damaged file and its log, and return the new name; nothing is ever deleted."""
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    aside = file.with_name(f"{file.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        aside = file.with_name(f"{file.name}.damaged-{stamp}-{number}")
        number += 1
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + suffix).rename(aside.with_name(aside.name + suffix))
    file.rename(aside)
    return aside


def hold(folder: Path) -> int:
    """Make sure that no other daemon writes here; return the descriptor that holds it, or -1.

    OSError if another one does. Where not even the lock can be opened, nobody can write anything.
    """
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with suppress(OSError):
            descriptor = os.open(folder / LOCK, flags | os.O_CLOEXEC, 0o600)
            break
    else:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise OSError(f"another daemon keeps its journal in {folder}") from None
    return descriptor
