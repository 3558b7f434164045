"""Metrics: the page that Prometheus scrapes, rendered for the first who asks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock
from typing import Annotated, ClassVar

from aisec_daemon.model import Rule, Table, Tick
from aisec_daemon.model.exposition import (
    OWN,
    Board,
    Chunk,
    Family,
    FindingCounts,
    GroupSection,
    Page,
    Rendered,
    RowSection,
    Section,
    samples,
)
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.own import Own

_OWN_PERIOD_SECONDS = 5.0
_LEAST_SERIES = 100
_, _DROPPED = OWN


@dataclass(frozen=True)
class MetricsOutlet:
    """The metrics page."""

    on: ClassVar[bool] = True
    replays: ClassVar[bool] = True
    families: ClassVar[tuple[Family, ...]] = ()

    rows_max: Annotated[int, "single processes shown beside the sums, the largest first"] = 0
    series_max: Annotated[int, "series of one table on the page"] = 20_000

    def __post_init__(self) -> None:
        if self.rows_max < 0:
            raise ValueError("rows_max must be 0 or more")
        if self.series_max < _LEAST_SERIES:
            raise ValueError(f"series_max must be {_LEAST_SERIES} or more")

    def open(self, place: Place) -> Metrics:
        """Open it; the page is empty until the first tick."""
        return Metrics(
            place.rules,
            constant={"replayed": place.mark} if place.mark else {},
            rows_max=self.rows_max,
            series_max=self.series_max,
            board=place.board,
        )


class Metrics:
    """Keeps the page up to date: one thread calls it, any number read `current`.

    A page that nobody asks for is never rendered, and who asks does not hold up the step.

    `rules` are those that may open findings; `constant` labels are put on every series;
    `rows_max` is how many single rows of an aggregated table are shown; `series_max` bounds the
    series of each table; what is on `board` is shown too.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        constant: Mapping[str, str] | None = None,
        rows_max: int = 0,
        series_max: int = 20_000,
        board: Board | None = None,
    ) -> None:
        self._constant = dict(constant or {})
        self._rows_max = rows_max
        self._series_max = series_max
        self._findings = FindingCounts(rules, self._constant)
        self._sections: dict[str, tuple[Table, Section]] = {}
        self._tables: dict[str, Callable[[], Rendered]] = {}
        self._board = board or Board()
        self._own = Own(self._constant)
        self._own_chunks: list[Chunk] = []
        self._own_time = -math.inf
        self._rendering = Lock()
        self._count = 0
        self._page = Page("0", partial(self._draw, -math.inf, {}, list))  # before the first tick

    def __call__(self, tick: Tick) -> None:
        """Take what this tick brought, and publish a page that is yet to be rendered."""
        table = tick.snapshot.table
        self._tables = self._tables | {table.name: cache(self._section(table).take(tick))}
        draw = partial(self._draw, tick.time, self._tables, self._findings.take(tick))
        self._count += 1
        self._page = Page(str(self._count), draw)

    def close(self) -> None:
        """Nothing is held; the last page stays."""

    @property
    def current(self) -> Page:
        """The page as of the last tick."""
        return self._page

    def page(self, *, openmetrics: bool = False) -> bytes:
        """Return the page as of the last tick in one of its formats."""
        return self._page.plain(openmetrics=openmetrics)

    def _section(self, table: Table) -> Section:
        """Return the table's section; a table declared anew begins anew."""
        known = self._sections.get(table.name)
        if known is not None and known[0] == table:
            return known[1]
        section: Section
        if table.aggregate:
            section = GroupSection(table, self._constant, self._series_max, self._rows_max)
        else:
            section = RowSection(table, self._constant, self._series_max)
        self._sections[table.name] = (table, section)
        return section

    def _draw(
        self,
        time: float,
        tables: Mapping[str, Callable[[], Rendered]],
        findings: Callable[[], list[Chunk]],
    ) -> list[Chunk]:
        """Render the page as of a tick, but for tables that were rendered for a page before."""
        with self._rendering:
            rendered = {name: tables[name]() for name in sorted(tables)}
            dropped = [({"table": name}, float(one.dropped)) for name, one in rendered.items()]
            if not 0 <= time - self._own_time < _OWN_PERIOD_SECONDS:
                self._own_chunks, self._own_time = self._own.read(), time
            chunks = [chunk for one in rendered.values() for chunk in one.chunks]
            chunks += findings()
            if dropped:
                chunks.append(samples(_DROPPED, dropped, self._constant))
            return [*chunks, *self._board.chunks(self._constant), *self._own_chunks]
