"""Sections of tables that show sums over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model.exposition.block import Block
from aisec_daemon.model.exposition.families import group_series, top_series
from aisec_daemon.model.exposition.section import Key, Labelling, Rendered
from aisec_daemon.model.exposition.text import Chunk
from aisec_daemon.model.snapshot import Snapshot, Word
from aisec_daemon.model.table import Kind, Table
from aisec_daemon.model.tick import Tick


class GroupSection:
    """Per group of rows that agree in the table's `aggregate` labels: their number and sums.

    Gauges are summed, and a sum with an unread member is unread. Counters add up what their rows
    rose by since the group appeared, so that a process that ends takes nothing back. A group
    without rows is forgotten. When there are too many groups, those that came first stay.
    `rows_max` single rows with the most of the first gauge are shown beside the sums.
    """

    def __init__(
        self, table: Table, constant: Mapping[str, str], series_max: int, rows_max: int
    ) -> None:
        series = group_series(table)
        columns = [column for one in series for column in one.columns]
        self._columns = [(table.index(c.name), c.kind is Kind.COUNTER) for c in columns]
        self._block = Block(series, constant)
        self._labelling = Labelling(table.aggregate)
        self._series_max = series_max
        self._words: tuple[tuple[Word, ...], ...] | None = None
        self._rows: tuple[str, ...] = ()
        self._members = self._places = np.empty(0, np.intp)  # rows that are shown; their groups
        self._dropped = 0
        self._counts = np.empty(0)  # rows of each group
        self._totals = np.empty((0, len(self._columns)))  # what the counters of each rose by
        self._top = _Top(table, constant, rows_max)

    def take(self, tick: Tick) -> Callable[[], Rendered]:
        """Add up the tick's snapshot, to be rendered."""
        snapshot = tick.snapshot
        words = tuple(snapshot.labels[name] for name in snapshot.table.aggregate)
        if words != self._words:
            self._group(snapshot)
            self._words = words
        return partial(self._render, self._rows, self._sum(tick), snapshot, self._dropped)

    def _render(
        self,
        rows: tuple[str, ...],
        sums: NDArray[np.float64],
        snapshot: Snapshot,
        dropped: int,
    ) -> Rendered:
        return Rendered(self._block.render(rows, sums) + self._top.render(snapshot), dropped)

    def _group(self, snapshot: Snapshot) -> None:
        """Put rows into groups anew; who stays keeps its totals, and comes first."""
        texts = self._labelling.texts(self._labelling.keys(snapshot))
        present = dict.fromkeys(texts)
        before = {group: at for at, group in enumerate(self._rows)}
        stay = [group for group in self._rows if group in present]
        groups = [*stay, *(group for group in present if group not in before)]
        shown = tuple(groups[: self._series_max // self._block.width])
        self._dropped = (len(groups) - len(shown)) * self._block.width
        totals = np.zeros((len(shown), len(self._columns)))
        for at, group in enumerate(shown):
            if group in before:
                totals[at] = self._totals[before[group]]
        self._totals = totals
        if shown != self._rows:
            self._rows = shown
        places = {group: at for at, group in enumerate(shown)}
        place = np.fromiter((places.get(text, -1) for text in texts), dtype=np.intp)
        self._members = np.flatnonzero(place >= 0)
        self._places = place[self._members]
        self._counts = np.bincount(self._places, minlength=len(shown)).astype(np.float64)

    def _sum(self, tick: Tick) -> NDArray[np.float64]:
        """Return (1 + columns, groups): the number of rows, then a sum for each column."""
        count, members, place = len(self._rows), self._members, self._places
        sums = np.empty((1 + len(self._columns), count))
        sums[0] = self._counts
        for at, (column, counter) in enumerate(self._columns):
            values = tick.snapshot.values[members, column]
            if not counter:
                sums[1 + at] = np.bincount(place, values, count)
                continue
            risen = np.nan_to_num(tick.increase[members, column], nan=0.0, posinf=0.0)
            self._totals[:, at] += np.bincount(place, np.maximum(risen, 0.0), count)
            read = np.bincount(place, np.isfinite(values), count) > 0
            sums[1 + at] = np.where(read, self._totals[:, at], np.nan)
        return sums


class _Top:
    """The few rows of an aggregated table that are shown one by one."""

    def __init__(self, table: Table, constant: Mapping[str, str], rows_max: int) -> None:
        series = top_series(table)
        self._order = [table.index(column.name) for one in series for column in one.columns]
        gauges = [c.name for c in table.columns if c.kind is Kind.GAUGE]
        self._rank = table.index(gauges[0]) if gauges else -1
        self._rows_max = rows_max if gauges else 0
        self._block = Block(series, constant)
        self._labelling = Labelling(table.series)

    def render(self, snapshot: Snapshot) -> list[Chunk]:
        """Render the rows with the most of the first gauge."""
        if self._rows_max == 0:
            return []
        ranks = snapshot.values[:, self._rank]
        order = np.argsort(-ranks, kind="stable")[: np.count_nonzero(~np.isnan(ranks))]
        chosen = order[: self._rows_max]
        every = self._labelling.keys(snapshot)
        keys: list[Key] = [every[at] for at in chosen]
        texts, kept = self._labelling.distinct(keys, self._rows_max)
        return self._block.render(texts, snapshot.values.T[self._order][:, chosen[kept]])
