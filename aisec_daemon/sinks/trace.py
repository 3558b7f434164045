"""Trace: every snapshot into a file that can be replayed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path

from aisec_daemon.model import Table, Tick
from aisec_daemon.model.recording import Encoder

_FLUSH_SECONDS = 5.0  # what a crash may cost


class Trace:
    """Appends to `path` as gzip; each opening begins a gzip member and a recording of its own.

    `periods` are the tables' seconds between snapshots; only tables that have one are recorded.
    Every call may raise OSError.
    """

    def __init__(
        self, path: Path, node: str, periods: Mapping[str, float], tables: Mapping[str, Table]
    ) -> None:
        self._file = gzip.open(path, "ab", compresslevel=5)  # noqa: SIM115 # close() closes it
        self._encoder = Encoder()
        self._recorded = frozenset(periods)
        self._flushed: float | None = None
        self._file.write(self._encoder.header(node, periods, tables))

    def __call__(self, tick: Tick) -> None:
        """Write one snapshot; what is older than five seconds is on the disk."""
        if tick.snapshot.table.name not in self._recorded:
            return
        self._file.write(self._encoder.encode(tick.snapshot))
        if self._flushed is None or tick.time - self._flushed >= _FLUSH_SECONDS:
            self._flushed = tick.time
            self._file.flush(zlib.Z_SYNC_FLUSH)

    def close(self) -> None:
        """End the file."""
        self._file.close()
