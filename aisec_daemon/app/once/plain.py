"""A look as plain data, for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app.once.look import Look, seconds_until_told
from aisec_daemon.model import Finding, Snapshot
from aisec_daemon.model.rule import Fact


def as_plain(look: Look) -> dict[str, object]:
    """Return the look as plain data for JSON, None for what was not read.

    A row has its subject, its columns, its labels and, for each counter, `<name>_per_second`.
    """
    return {
        "time": look.time,
        "tables": {
            name: _rows(snapshot, look.rates[name]) for name, snapshot in look.tables.items()
        },
        "unreadable": look.unreadable,
        "findings": [_finding(finding, look.time) for finding in look.findings],
    }


def _rows(snapshot: Snapshot, rates: NDArray[np.float64]) -> list[dict[str, object]]:
    columns = {
        name: _plain(snapshot.values[:, at]) for at, name in enumerate(snapshot.table.column_names)
    }
    for at in snapshot.table.counters:
        columns[f"{snapshot.table.column_names[at]}_per_second"] = _plain(rates[:, at])
    fields: Mapping[str, Sequence[object]] = {
        "subject": snapshot.subjects,
        **columns,
        **snapshot.labels,
    }
    return [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]


def _plain(numbers: NDArray[np.float64]) -> list[float | None]:
    return [number if isfinite(number) else None for number in numbers.tolist()]


def _number(fact: Fact) -> Fact | None:
    if isinstance(fact, str):
        return fact
    return float(fact) if isfinite(fact) else None


def _finding(finding: Finding, time: float) -> dict[str, object]:
    return {
        "rule": finding.rule.name,
        "severity": finding.severity.word,
        "key": finding.key,
        "subjects": finding.subjects,
        "score": _number(finding.score),
        "reason": finding.reason,
        "facts": {name: _number(fact) for name, fact in finding.facts.items()},
        "labels": dict(finding.labels),
        "seconds_until_told": seconds_until_told(finding, time),
        "allowed": finding.allowed,
        "technique": finding.rule.technique,
    }
