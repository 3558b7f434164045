"""Snapshots: one table at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model.table import Table

Word: TypeAlias = str | None
"""A label's value: None is "could not be read", the empty string is "there is none"."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A table at `time` (seconds since 1970), columnar.

    `values` is (S, F) float64 in the order of `subjects` and of the table's columns; NaN means
    "not read", never "zero". Each label has one word a subject.
    """

    table: Table
    time: float
    subjects: tuple[str, ...]
    values: NDArray[np.float64]
    labels: Mapping[str, tuple[Word, ...]]

    def __post_init__(self) -> None:
        rows = len(self.subjects)
        if self.values.shape != (rows, len(self.table.columns)):
            raise ValueError(
                f"{self.table.name}: values are {self.values.shape}, "
                f"expected {(rows, len(self.table.columns))}"
            )
        if len(set(self.subjects)) != rows:
            raise ValueError(f"{self.table.name}: a subject appears twice")
        for name in self.table.label_names:
            if len(self.labels[name]) != rows:
                raise ValueError(f"{self.table.name}: label {name!r} is not one a subject")
        self.values.setflags(write=False)

    @classmethod
    def from_rows(
        cls,
        table: Table,
        time: float,
        rows: Mapping[str, tuple[Mapping[str, float], Mapping[str, Word]]],
    ) -> Snapshot:
        """Build from `{subject: (numbers, words)}`; what a row lacks is not read.

        For small tables and tests: readers of large ones fill arrays.
        """
        told = [
            [numbers.get(name, np.nan) for name in table.column_names]
            for numbers, _ in rows.values()
        ]
        values = np.array(told, np.float64).reshape(len(rows), len(table.columns))
        for numbers, _ in rows.values():
            if not numbers.keys() <= table.positions.keys():
                table.index(next(iter(numbers.keys() - table.positions.keys())))
        labels = {
            label.name: tuple(words.get(label.name) for _, words in rows.values())
            for label in table.labels
        }
        return cls(table, time, tuple(rows), values, labels)

    def later(self, time: float, values: NDArray[np.float64]) -> Snapshot:
        """Return the same rows with the same words and other numbers; they are not checked again.

        ValueError if the numbers are of another shape.
        """
        if values.shape != self.values.shape:
            raise ValueError(f"{self.table.name}: values are {values.shape}")
        snapshot = object.__new__(Snapshot)
        snapshot.__dict__.update(self.__dict__, time=time, values=values)
        values.setflags(write=False)
        return snapshot

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """Return one column, (S,)."""
        return self.values[:, self.table.index(column)]
