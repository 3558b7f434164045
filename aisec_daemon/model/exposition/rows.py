"""Sections of tables that show every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from aisec_daemon.model.exposition.block import Block
from aisec_daemon.model.exposition.families import info_series, row_series
from aisec_daemon.model.exposition.section import Labelling, Rendered
from aisec_daemon.model.snapshot import Snapshot
from aisec_daemon.model.table import Table
from aisec_daemon.model.tick import Tick


class RowSection:
    """A series per row and column, and an info series per row if the table has words for it."""

    def __init__(self, table: Table, constant: Mapping[str, str], series_max: int) -> None:
        series = row_series(table)
        self._order = [table.index(column.name) for one in series for column in one.columns]
        self._block = Block(series, constant)
        self._labelling = Labelling(table.series)
        info = info_series(table)
        self._info = Block(info, constant)
        self._info_labelling = Labelling((*table.series, *table.info))
        self._width = self._block.width + self._info.width
        self._rows_max = series_max // max(self._width, 1)

    def take(self, tick: Tick) -> Callable[[], Rendered]:
        """Take the tick's snapshot, to be rendered."""
        return partial(self._render, tick.snapshot)

    def _render(self, snapshot: Snapshot) -> Rendered:
        keys = self._labelling.keys(snapshot)
        texts, kept = self._labelling.distinct(keys, self._rows_max)
        values = snapshot.values.T[self._order]
        if len(kept) < len(keys):
            values = values[:, kept]
        chunks = self._block.render(texts, values)
        if self._info.width:
            every = self._info_labelling.keys(snapshot)
            words, _ = self._info_labelling.distinct([every[at] for at in kept], self._rows_max)
            chunks += self._info.render(words, np.ones((1, len(words))))
        return Rendered(chunks, (len(keys) - len(kept)) * self._width)
