"""Lines of a recording read back: see `model/recording.py`, which also says what they hold."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from aisec_daemon.model.recording import CONVERSIONS, MARK, VERSION, RecordingError
from aisec_daemon.model.snapshot import Snapshot, Word
from aisec_daemon.model.table import Table

_MOST_ROWS = 1 << 18
_MOST_PLACES = 256
_TOGETHER = 1 << 20  # numbers of all lines that are read at once

Content: TypeAlias = dict[str, Any]
"""A line as JSON says it."""

_Places: TypeAlias = tuple[NDArray[np.intp], tuple[int, ...]]
"""Columns that we have of those that a line names, and which of the named ones they are."""


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
        self._room = 0.0

    def decode(self, line: bytes) -> Snapshot | None:
        """Return a line's snapshot; None for a header and for tables that are not known."""
        found = self.decode_all([line])
        return found[0] if found else None

    def decode_all(self, lines: Sequence[bytes]) -> list[Snapshot]:
        """Return the snapshots of lines that follow each other, which is quicker than one by one.

        RecordingError, and none of them was read, if one cannot be, if there is a header among
        others, or if they would need too much room at once.
        """
        before = dict(self._last)
        self._room = _TOGETHER if len(lines) > 1 else np.inf
        try:
            contents = [orjson.loads(line) for line in lines]
            if any(MARK in content for content in contents):
                self._header(contents)
                return []
            return self._snapshots([self._converted(content) for content in contents])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._last = before
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

    def _header(self, contents: Sequence[Content]) -> None:
        if len(contents) > 1:
            raise RecordingError("a header is read alone")
        self._version = contents[0][MARK]
        content = self._converted(contents[0])
        self.node = str(content["node"])
        self.periods = {name: float(t["period"]) for name, t in content["tables"].items()}
        self._last.clear()

    def _snapshots(self, contents: Sequence[Content]) -> list[Snapshot]:
        places = defaultdict(list)
        for place, content in enumerate(contents):
            places[content["table"]].append(place)
        found: dict[int, Snapshot] = {}
        for name in places.keys() & self._tables.keys():
            its = [contents[place] for place in places[name]]
            runs = (self._run(self._tables[name], list(run)) for _, run in groupby(its, _changed))
            found.update(zip(places[name], chain.from_iterable(runs), strict=True))
        return [found[place] for place in sorted(found)]

    def _run(self, table: Table, contents: Sequence[Content]) -> Iterator[Snapshot]:
        """Yield the snapshots of lines that change the same columns, and but the first no words."""
        base = self._base(table, contents[0])
        self._room -= base.values.size * len(contents)
        if self._room < 0:
            raise RecordingError("it is too large to be read with others")
        values = np.repeat(base.values[None], len(contents), axis=0)
        if names := tuple(contents[0]["values"]):
            at, known = self._places.get((table.name, names)) or self._placed(table, names)
            columns = [list(content["values"].values()) for content in contents]
            if len(known) < len(names):
                columns = [[line[place] for place in known] for line in columns]
            values[:, :, at] = _numbers(columns, len(base.subjects))
        for content, numbers in zip(contents, values, strict=True):
            snapshot = self._last[table.name] = base.later(_time(content), numbers)
            yield snapshot

    def _base(self, table: Table, content: Content) -> Snapshot:
        """Return what a line's numbers are put into: the last of its table, or rows anew."""
        last, words = self._last.get(table.name), content["labels"]
        if "subjects" in content:
            subjects = _subjects(content["subjects"])
            values = np.full((len(subjects), len(table.columns)), np.nan)
            unread: tuple[Word, ...] = (None,) * len(subjects)
            labels = {label.name: unread for label in table.labels}
        elif last is None:
            raise RecordingError("it leans on a line that is not there")
        elif not words:
            return last
        else:
            subjects, values, labels = last.subjects, last.values, dict(last.labels)
        labels.update({k: tuple(v) for k, v in words.items() if k in labels})
        return Snapshot(table, 0.0, subjects, values, labels)

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


def _time(content: Content) -> float:
    time = float(content["time"])
    if not math.isfinite(time):
        raise RecordingError("its time is no number")
    return time


def _changed(content: Content) -> object:
    """Return what lines have in common that can be read at once: the columns that they change."""
    more = "subjects" in content or content["labels"]
    return object() if more else tuple(content["values"])


def _numbers(lines: Sequence[Sequence[list[float | None]]], rows: int) -> NDArray[np.float64]:
    """Return (T, S, C) of the columns of T lines; None becomes NaN."""
    columns = list(chain.from_iterable(lines))
    if columns and set(map(len, columns)) != {rows}:
        raise RecordingError("a column has not one number a subject")
    flat = list(chain.from_iterable(columns))  # quicker than the nested lists
    numbers = np.array(flat, dtype=np.float64)
    return np.transpose(numbers.reshape(len(lines), len(columns) // len(lines), rows), (0, 2, 1))
