"""Sections of tables that show sums over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model.exposition.block import Block
from aisec_daemon.model.exposition.families import group_series, top_series
from aisec_daemon.model.exposition.section import Key, Labelling, Rendered
from aisec_daemon.model.exposition.text import Chunk
from aisec_daemon.model.snapshot import Snapshot
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
        self._totals: dict[str, NDArray[np.float64]] = {}  # by group, one a column
        self._rows: tuple[str, ...] = ()
        self._top = _Top(table, constant, rows_max)

    def take(self, tick: Tick) -> Callable[[], Rendered]:
        """Add up the tick's snapshot, to be rendered."""
        texts = self._labelling.texts(self._labelling.keys(tick.snapshot))
        present = dict.fromkeys(texts)
        stay = [group for group in self._totals if group in present]
        groups = [*stay, *(group for group in present if group not in self._totals)]
        shown = tuple(groups[: self._series_max // self._block.width])
        if shown != self._rows:
            self._rows = shown
        dropped = (len(groups) - len(shown)) * self._block.width
        sums = self._sum(tick, texts)
        return partial(self._render, self._rows, sums, tick.snapshot, dropped)

    def _render(
        self,
        rows: tuple[str, ...],
        sums: NDArray[np.float64],
        snapshot: Snapshot,
        dropped: int,
    ) -> Rendered:
        return Rendered(self._block.render(rows, sums) + self._top.render(snapshot), dropped)

    def _sum(self, tick: Tick, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return (1 + columns, groups): the number of rows, then a sum for each column."""
        groups = self._rows
        places = {group: at for at, group in enumerate(groups)}
        place = np.fromiter((places.get(text, -1) for text in texts), dtype=np.intp)
        rows = np.flatnonzero(place >= 0)
        place = place[rows]
        sums = np.empty((1 + len(self._columns), len(groups)))
        sums[0] = np.bincount(place, minlength=len(groups))
        before = [self._totals.get(group) for group in groups]
        blank = np.zeros(len(self._columns))
        totals = np.array([blank if t is None else t for t in before])
        totals = totals.reshape(len(groups), len(self._columns))
        for at, (column, counter) in enumerate(self._columns):
            values = tick.snapshot.values[rows, column]
            if not counter:
                sums[1 + at] = np.bincount(place, values, len(groups))
                continue
            risen = np.nan_to_num(tick.increase[rows, column], nan=0.0, posinf=0.0)
            totals[:, at] += np.bincount(place, np.maximum(risen, 0.0), len(groups))
            read = np.bincount(place, np.isfinite(values), len(groups)) > 0
            sums[1 + at] = np.where(read, totals[:, at], np.nan)
        self._totals = dict(zip(groups, totals, strict=True))
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
