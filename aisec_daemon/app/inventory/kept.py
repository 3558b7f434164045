"""The last rows of tables that are kept: into the journal, and out of it for people."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator

from aisec_daemon.app import catalogue
from aisec_daemon.journal.journal import Journal
from aisec_daemon.journal.store import Store
from aisec_daemon.model import Snapshot, Table
from aisec_daemon.model.decoder import Decoder
from aisec_daemon.model.recording import Encoder, RecordingError
from aisec_daemon.pipeline.pipeline import Pipeline

_VERSION = 1
_NUMBERS_SECONDS = 300.0  # rows of which only numbers changed are not written more often


class Keeper:
    """Gives the journal the last rows of each table that is kept, if their words changed."""

    def __init__(self) -> None:
        self._tables = kept_tables()
        self._last: dict[str, Snapshot] = {}

    def keep(self, pipeline: Pipeline, journal: Journal) -> None:
        """Hand over what is new; never waits for the disk."""
        for table in self._tables:
            rows, last = pipeline.latest(table.name), self._last.get(table.name)
            if rows is None or rows is last:
                continue
            if last is not None and rows.time - last.time < _NUMBERS_SECONDS and _same(rows, last):
                continue
            journal.remember(f"rows/{table.name}", _VERSION, _packed(rows))
            self._last[table.name] = rows


def kept_tables() -> list[Table]:
    """Return the tables whose last rows are in the journal."""
    return [table for table in catalogue.tables().values() if table.kept]


def kept_rows(db: sqlite3.Connection) -> Iterator[Snapshot]:
    """Yield the last rows of each table that a journal has; what is damaged is left out."""
    store = Store(db)
    for table in kept_tables():
        found = store.recall(f"rows/{table.name}")
        if found is None or found[0] != _VERSION:
            continue
        decoder = Decoder({table.name: table})
        try:
            for line in zlib.decompress(found[1]).splitlines():
                rows = decoder.decode(line)
                if rows is not None:
                    yield rows
        except (zlib.error, RecordingError):
            continue


def _packed(rows: Snapshot) -> bytes:
    name, encoder = rows.table.name, Encoder()
    text = encoder.header("", {name: 1.0}, {name: rows.table}) + encoder.encode(rows)
    return zlib.compress(text, 1)


def _same(rows: Snapshot, last: Snapshot) -> bool:
    return rows.subjects == last.subjects and rows.labels == last.labels
