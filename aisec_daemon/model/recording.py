"""Recordings: snapshots as lines of JSON, each saying only what changed.

The first line of a recording is its header: version, node, and for each table its columns, labels
and period. Then each line is one snapshot: `table`, `time`, and of subjects, labels and columns
those that differ from the table's last line. NaN is null. A recording may be appended to: another
header starts anew.

Old recordings are converted, never dropped: whoever raises `VERSION` puts into `CONVERSIONS`, under
the version that was, the function that turns a line of it into a line of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import orjson

from aisec_daemon.model.jsontext import dumps
from aisec_daemon.model.snapshot import Snapshot
from aisec_daemon.model.table import Table

VERSION = 1
CONVERSIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
MARK = "aisec_recording"


class RecordingError(ValueError):
    """A line that is no line of a recording; the message says why."""


def is_header(line: bytes) -> bool:
    """Tell whether a line begins a recording."""
    return line.lstrip().startswith(b'{"' + MARK.encode() + b'"')


class Encoder:
    """Turns snapshots into lines; one per recording, since each line leans on those before."""

    def __init__(self) -> None:
        self._last: dict[str, Snapshot] = {}

    def header(self, node: str, periods: Mapping[str, float], tables: Mapping[str, Table]) -> bytes:
        """Return the first line; what follows leans on nothing before it."""
        self._last.clear()
        described = {
            name: {
                "columns": table.column_names,
                "labels": [label.name for label in table.labels],
                "period": periods[name],
            }
            for name, table in tables.items()
            if name in periods
        }
        return _line({MARK: VERSION, "node": node, "tables": described})

    def encode(self, snapshot: Snapshot) -> bytes:
        """Return one snapshot's line."""
        name = snapshot.table.name
        last = self._last.get(name)
        self._last[name] = snapshot
        line: dict[str, Any] = {"table": name, "time": snapshot.time}
        if last is not None and last.subjects != snapshot.subjects:
            last = None
        if last is None:
            line["subjects"] = snapshot.subjects
        line["labels"] = {
            label: words
            for label, words in snapshot.labels.items()
            if last is None or last.labels[label] != words
        }
        line["values"] = {
            column: snapshot.values[:, at].tolist()
            for at, column in enumerate(snapshot.table.column_names)
            if last is None
            or not np.array_equal(snapshot.values[:, at], last.values[:, at], equal_nan=True)
        }
        return _line(line)


def _line(content: Mapping[str, Any]) -> bytes:
    return dumps(content, orjson.OPT_APPEND_NEWLINE)
