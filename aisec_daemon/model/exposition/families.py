"""Which metrics there are: those of a table, and the fixed ones."""

from __future__ import annotations

from dataclasses import dataclass

from aisec_daemon.model.table import Column, Kind, Table

_NEVER_SHOWN = frozenset({"command", "command_hash"})


@dataclass(frozen=True)
class Family:
    """One metric: `name` as its samples carry it, with `_total` or `_info`.

    `kind` is gauge, counter, info or unknown (OpenMetrics' words). `opt_in` families are on the
    page only where the operator asks for single rows.
    """

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    opt_in: bool = False

    def __hash__(self) -> int:
        """Return the name's, which Python remembers: each scrape asks it of every family."""
        return hash(self.name)


@dataclass(frozen=True)
class Series:
    """A family and the columns of a table that it shows; none for a count or an info."""

    family: Family
    columns: tuple[Column, ...] = ()


FINDINGS = (
    Family(
        "aisec_finding_open",
        "gauge",
        "Open findings that no exception of the operator covers.",
        ("rule", "severity"),
    ),
    Family(
        "aisec_finding_allowed",
        "gauge",
        "Open findings that an exception of the operator covers.",
        ("rule",),
    ),
    Family(
        "aisec_finding_score",
        "gauge",
        "Highest score among open findings; 1 is the line, absent while none is open.",
        ("rule",),
    ),
    Family(
        "aisec_findings_opened_total",
        "counter",
        "Findings opened since the daemon started, without those that an exception covers.",
        ("rule", "severity"),
    ),
    Family(
        "aisec_findings_closed_total",
        "counter",
        "Findings closed since the daemon started, likewise.",
        ("rule", "severity"),
    ),
    Family(
        "aisec_rule_info",
        "info",
        "Rules that may open findings, in words.",
        ("rule", "title", "technique"),
    ),
)
"""Metrics of the casebook."""

OWN = (
    Family(
        "aisec_build_info",
        "info",
        "Version of the daemon and of the Python that runs it.",
        ("version", "python"),
    ),
    Family(
        "aisec_page_series_dropped",
        "gauge",
        "Series of a table left out of this page: too many, or the same labels twice.",
        ("table",),
    ),
)
"""Metrics of the daemon itself, beside those that every process has."""


def families(table: Table) -> tuple[Family, ...]:
    """Return every metric a table yields, in the order of the page.

    ValueError if the table would show a command line, or mixes kinds within a family.
    """
    shown = group_series(table) + top_series(table) if table.aggregate else row_series(table)
    return tuple(series.family for series in (*shown, *info_series(table)))


def row_series(table: Table) -> tuple[Series, ...]:
    """Series per row: every column under the labels in `table.series`."""
    return _series(table, f"aisec_{table.name}", table.columns, table.series)


def info_series(table: Table) -> tuple[Series, ...]:
    """Return the series that carries a row's words, if it has any to carry."""
    _refuse_commands(table)
    if table.aggregate or not table.info:
        return ()
    labels = (*table.series, *table.info)
    return (Series(Family(f"aisec_{table.name}_info", "info", table.help, labels)),)


def group_series(table: Table) -> tuple[Series, ...]:
    """Series per group of rows that agree in `table.aggregate`: the count first, then the sums."""
    count = Family(
        f"aisec_{table.name}_count",
        "unknown",  # linters keep the suffix for histograms, but not from metrics without a type
        f"Rows that agree in these labels. {table.help}",
        table.aggregate,
    )
    columns = tuple(c for c in table.columns if c.kind is not Kind.TIMESTAMP)
    return (Series(count), *_series(table, f"aisec_{table.name}", columns, table.aggregate))


def top_series(table: Table) -> tuple[Series, ...]:
    """Series of single rows of an aggregated table, which are shown only on demand."""
    return _series(table, f"aisec_{table.name}_pid", table.columns, table.series, opt_in=True)


def _series(
    table: Table,
    prefix: str,
    columns: tuple[Column, ...],
    labels: tuple[str, ...],
    *,
    opt_in: bool = False,
) -> tuple[Series, ...]:
    """Put columns of one family together."""
    _refuse_commands(table)
    members: dict[str, list[Column]] = {}
    for column in columns:
        members.setdefault(column.family or column.name, []).append(column)
    found = []
    for name, of in members.items():
        first = of[0]
        if any(c.kind is not first.kind for c in of) or len({c.labels for c in of}) != len(of):
            raise ValueError(f"{table.name}: columns of {name!r} differ in kind or agree in labels")
        counter = first.kind is Kind.COUNTER
        family = Family(
            f"{prefix}_{name}_total" if counter else f"{prefix}_{name}",
            "counter" if counter else "gauge",
            first.help,
            (*(label for label, _ in first.labels), *labels),
            opt_in,
        )
        found.append(Series(family, tuple(of)))
    return tuple(found)


def _refuse_commands(table: Table) -> None:
    """Keep command lines off the page, whatever a table declares."""
    shown = _NEVER_SHOWN & {*table.series, *table.info, *table.aggregate}
    if shown:
        raise ValueError(f"{table.name}: {', '.join(sorted(shown))} must not be on the page")
