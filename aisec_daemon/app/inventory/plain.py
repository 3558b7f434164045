"""The inventory for scripts and spreadsheets."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

from aisec_daemon.app.telling import printable
from aisec_daemon.model import Kind, Snapshot

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for more than a word


def objects(rows: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield an object a row: table, time, subject, then its words and numbers; null is unread."""
    columns = rows.table.column_names
    for at, subject in enumerate(rows.subjects):
        numbers = zip(columns, rows.values[at].tolist(), strict=True)
        yield {
            "table": rows.table.name,
            "time": rows.time,
            "subject": subject,
            **{name: words[at] for name, words in rows.labels.items()},
            **{name: None if math.isnan(number) else number for name, number in numbers},
        }


def write_csv(rows: Snapshot, file: TextIO) -> None:
    """Write a table with a head line (RFC 4180); an empty cell is unread or not there.

    Every word is made printable, and one that a spreadsheet would compute begins with an
    apostrophe. Times are ISO 8601, UTC.
    """
    table = rows.table
    writer = csv.writer(file)
    writer.writerow(["time", "subject", *table.label_names, *table.column_names])
    stamps = {c.name for c in table.columns if c.kind is Kind.TIMESTAMP}
    for each in objects(rows):
        writer.writerow(
            [
                _stamp(each["time"]),
                _cell(each["subject"]),
                *(_cell(each[name]) for name in table.label_names),
                *(
                    _stamp(each[name]) if name in stamps else _number(each[name])
                    for name in table.column_names
                ),
            ]
        )


def _cell(word: str | None) -> str:
    shown = printable(word or "")
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.15g}"


def _stamp(time: float | None) -> str:
    if time is None:
        return ""
    try:
        return datetime.fromtimestamp(time, timezone.utc).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
