"""Tables: whatever a node holds is rows of one, and its declaration is all that others need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

UNITS = frozenset(
    {
        *("bytes", "celsius", "hertz", "joules", "ratio", "seconds", "watts"),
        *("calls", "connections", "errors", "files", "gpus", "processes", "rows", "runs"),
        *("code", "steps", "threads"),
    }
)
"""What the last word of a column's name may be: base units, or the thing that is counted."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Kind(str, Enum):
    """How a column's numbers behave over time."""

    GAUGE = "gauge"
    COUNTER = "counter"  # only rises, until it wraps or its source restarts
    TIMESTAMP = "timestamp"  # seconds since 1970


@dataclass(frozen=True)
class Column:
    """One number of a row. Its name ends in its unit.

    A `carried` counter is read less often than its row and holds its last value in between: it has
    no rate from one row to the next, which would be nothing, nothing, and then all at once.
    Columns that are one metric seen from several sides share a `family` and differ in `labels`:
    `pipe_integer_ratio` is `pipe_active_ratio{pipe="integer"}` on the page.
    """

    name: str
    help: str
    kind: Kind = Kind.GAUGE
    family: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    carried: bool = False

    def __post_init__(self) -> None:
        for name in (self.name, self.family or self.name):
            if not _NAME.fullmatch(name) or name.rsplit("_", 1)[-1] not in UNITS:
                raise ValueError(f"column {name!r} must be snake_case and end in a unit")
        if self.kind is Kind.TIMESTAMP and not self.name.endswith("timestamp_seconds"):
            raise ValueError(f"timestamp {self.name!r} must end in timestamp_seconds")


@dataclass(frozen=True)
class Label:
    """One word of a row."""

    name: str
    help: str


@dataclass(frozen=True)
class Table:
    """Rows of numbers (`columns`) and words (`labels`), one row a subject.

    On the metrics page each row is a series per column under the labels named in `series`; `info`
    names the labels that are published once per row, on `aisec_<table>_info`. A table with
    `aggregate` shows sums over rows that agree in those labels instead (and the number of rows),
    and single rows only where the operator asks for them.

    The last rows of a table that is `kept` are in the journal, to be shown and approved. Approved
    rows and those of today are the same thing if they agree in the label `identity` (their subject
    if it is empty), and differ in what `compared` labels say.
    """

    name: str
    help: str
    columns: tuple[Column, ...]
    labels: tuple[Label, ...]
    series: tuple[str, ...]
    info: tuple[str, ...] = ()
    aggregate: tuple[str, ...] = ()
    kept: bool = False
    identity: str = ""
    compared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns] + [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError(f"table {self.name!r} names a column or label twice")
        used = {*self.series, *self.info, *self.aggregate, *self.compared}
        unknown = (used | ({self.identity} - {""})) - {x.name for x in self.labels}
        if unknown:
            raise ValueError(f"table {self.name!r} speaks of labels it does not have: {unknown}")

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in the order of a snapshot's values."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of each column in a snapshot's values."""
        return {name: position for position, name in enumerate(self.column_names)}

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def counters(self) -> tuple[int, ...]:
        """Positions of the counters that have a rate from row to row."""
        columns = enumerate(self.columns)
        return tuple(at for at, c in columns if c.kind is Kind.COUNTER and not c.carried)

    @cached_property
    def rising(self) -> NDArray[np.bool_]:
        """Which of the columns those are, (F,)."""
        return np.isin(np.arange(len(self.columns)), self.counters)

    def index(self, column: str) -> int:
        """Position of a column in a snapshot's values; KeyError if there is none."""
        try:
            return self.positions[column]
        except KeyError:
            raise KeyError(f"table {self.name!r} has no column {column!r}") from None
