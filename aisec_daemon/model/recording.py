"""Recordings: snapshots as lines of JSON, each saying only what changed.

The first line of a recording is its header: version, node, and for each table its columns, labels
and period. Then each line is one snapshot: `table`, `time`, and of subjects, labels and columns
those that differ from the table's last line. NaN is null. A recording may be appended to: another
header starts anew.

Old recordings are converted, never dropped: whoever raises `VERSION` puts into `CONVERSIONS`, under
the version that was, the function that turns a line of it into a line of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from aisec_daemon.model.jsontext import dumps
from aisec_daemon.model.snapshot import Snapshot, Word
from aisec_daemon.model.table import Table

VERSION = 1
CONVERSIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
_MARK = "aisec_recording"
_MOST_ROWS = 1 << 18
_MOST_PLACES = 256

_Places: TypeAlias = tuple[NDArray[np.intp], tuple[int, ...]]
"""Columns that we have of those that a line names, and which of the named ones they are."""


class RecordingError(ValueError):
    """A line that is no line of a recording; the message says why."""


def is_header(line: bytes) -> bool:
    """Tell whether a line begins a recording."""
    return line.lstrip().startswith(b'{"' + _MARK.encode() + b'"')


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
        return _line({_MARK: VERSION, "node": node, "tables": described})

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


class Decoder:
    """Turns lines back into snapshots of the tables that there are today.

    A column or label that a recording has and we do not is left out; one that we have and it has
    not is not read (NaN, None).
    """

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.node = ""
        self.periods: dict[str, float] = {}
        self._tables = tables
        self._version = VERSION
        self._last: dict[str, Snapshot] = {}
        self._places: dict[tuple[str, tuple[str, ...]], _Places] = {}

    def decode(self, line: bytes) -> Snapshot | None:
        """Return a line's snapshot; None for a header and for tables that are not known."""
        try:
            content = orjson.loads(line)
            if _MARK in content:
                self._version = content[_MARK]
            content = self._converted(content)
            if _MARK in content:
                self._header(content)
                return None
            table = self._tables.get(content["table"])
            return None if table is None else self._snapshot(table, content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordingError(f"not a line of a recording: {error}") from error

    def forget(self) -> None:
        """Lean on nothing read so far: a line was lost, and what it changed is not known."""
        self._last.clear()

    def _converted(self, content: dict[str, Any]) -> dict[str, Any]:
        version = self._version
        while version != VERSION:
            if version not in CONVERSIONS:
                raise RecordingError(f"version {self._version} of recordings is not known")
            content = CONVERSIONS[version](content)
            version += 1
        return content

    def _header(self, content: Mapping[str, Any]) -> None:
        self.node = str(content["node"])
        self.periods = {name: float(t["period"]) for name, t in content["tables"].items()}
        self._last.clear()

    def _snapshot(self, table: Table, content: Mapping[str, Any]) -> Snapshot:
        last = self._last.get(table.name)
        if "subjects" in content:
            subjects = _subjects(content["subjects"])
            values = np.full((len(subjects), len(table.columns)), np.nan)
            unread: tuple[Word, ...] = (None,) * len(subjects)
            labels = {label.name: unread for label in table.labels}
        elif last is not None:
            subjects, values, labels = last.subjects, last.values.copy(), dict(last.labels)
        else:
            raise RecordingError("it leans on a line that is not there")
        if content["values"]:
            names = tuple(content["values"])
            at, known = self._places.get((table.name, names)) or self._placed(table, names)
            columns = list(content["values"].values())
            if len(known) < len(columns):
                columns = [columns[place] for place in known]
            values[:, at] = _numbers(columns, len(subjects))
        time, words = float(content["time"]), content["labels"]
        if last is not None and not words and subjects is last.subjects:
            snapshot = last.later(time, values)
        else:
            labels.update({k: tuple(v) for k, v in words.items() if k in labels})
            snapshot = Snapshot(table, time, subjects, values, labels)
        self._last[table.name] = snapshot
        return snapshot

    def _placed(self, table: Table, names: tuple[str, ...]) -> _Places:
        """Find columns once: the lines of a recording change the same ones again and again."""
        known = tuple(at for at, name in enumerate(names) if name in table.positions)
        at = np.array([table.positions[names[place]] for place in known], dtype=np.intp)
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[table.name, names] = at, known
        return at, known


def _subjects(names: list[str]) -> tuple[str, ...]:
    if len(names) > _MOST_ROWS or not all(isinstance(name, str) for name in names):
        raise RecordingError("its subjects are no names, or too many")
    return tuple(names)


def _numbers(columns: Sequence[list[float | None]], rows: int) -> NDArray[np.float64]:
    """Return (S, C); None becomes NaN."""
    if columns and set(map(len, columns)) != {rows}:
        raise RecordingError("a column has not one number a subject")
    flat = list(chain.from_iterable(columns))  # quicker than the nested lists
    return np.transpose(np.array(flat, dtype=np.float64).reshape(len(columns), rows))


def _line(content: Mapping[str, Any]) -> bytes:
    return dumps(content, orjson.OPT_APPEND_NEWLINE)
