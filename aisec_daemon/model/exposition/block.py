"""Blocks: the numbers of many series at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np
import orjson
from numpy.typing import NDArray

from aisec_daemon.model.exposition.families import Series
from aisec_daemon.model.exposition.text import Chunk, pairs, without


class Block:
    """Families over the same rows, rendered from one matrix.

    Everything before a number (name and labels, escaped) is kept while the rows stay the same,
    and the order of lines while the same cells are read: what is left per tick is to write the
    numbers, which orjson does for all of them at once.
    """

    def __init__(self, series: Sequence[Series], constant: Mapping[str, str]) -> None:
        self._families = [one.family for one in series]
        self._heads = [[_head(one, labels, constant) for labels in _members(one)] for one in series]
        self._counters = [
            member
            for member, one in enumerate(one for one in series for _ in _members(one))
            if one.family.kind == "counter"
        ]
        self._rows: tuple[str, ...] | None = None
        self._prefixes: list[list[list[bytes]]] = []  # by family, member and row
        self._mask = np.empty((0, 0), dtype=bool)
        self._lines: list[list[bytes]] = []  # by family: prefix, number, prefix, number, …

    @property
    def width(self) -> int:
        """Series per row."""
        return sum(len(heads) for heads in self._heads)

    def render(self, rows: tuple[str, ...], values: NDArray[np.float64]) -> list[Chunk]:
        """Render `values` (width, R) for rows with these labels.

        What is not finite is a gap, and so is a counter below zero, which no format allows.
        """
        mask = np.isfinite(values)
        mask[self._counters] &= values[self._counters] >= 0
        if rows is not self._rows:
            self._rows = rows
            self._prefixes = [[_prefixes(h, rows) for h in heads] for heads in self._heads]
            self._arrange(mask)
        elif mask.shape != self._mask.shape or (mask != self._mask).any():
            self._arrange(mask)
        numbers = orjson.dumps(values[mask], option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
        chunks = []
        start = 0
        for family, lines in zip(self._families, self._lines, strict=True):
            end = start + len(lines) // 2
            if end > start:
                lines[1::2] = numbers[start:end]
                chunks.append(Chunk(family, b"".join(lines)))
            start = end
        return chunks

    def _arrange(self, mask: NDArray[np.bool_]) -> None:
        """Put the prefixes of the cells that are read in line."""
        self._mask = mask
        self._lines = []
        member = 0
        for of_family in self._prefixes:
            lines: list[bytes] = []
            for prefixes in of_family:
                for prefix in compress(prefixes, mask[member]):
                    lines += (prefix, b"")
                member += 1
            self._lines.append(lines)


def _members(series: Series) -> list[tuple[tuple[str, str], ...]]:
    """Return the labels that tell the columns of a family apart."""
    return [column.labels for column in series.columns] or [()]


def _head(series: Series, labels: tuple[tuple[str, str], ...], constant: Mapping[str, str]) -> str:
    """Return what all rows of one column begin with."""
    inside = pairs([*without(constant, series.family.labels), *labels])
    return f"\n{series.family.name}{{{inside}"


def _prefixes(head: str, rows: tuple[str, ...]) -> list[bytes]:
    """Return everything before the number, for each row."""
    if head.endswith("{"):
        return [f"{head}{row}}} ".encode() if row else f"{head[:-1]} ".encode() for row in rows]
    return [f"{head},{row}}} ".encode() if row else f"{head}}} ".encode() for row in rows]
