"""Words and numbers on a terminal, as people read them; no word of the node can move the cursor."""

from __future__ import annotations

import json
import math
import sys
from contextlib import suppress

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aisec_daemon.app.telling import printable

UNREAD = "?"
"""What stands for a number or word that could not be read."""

_GIBIBYTE = 2.0**30


def console() -> Console:
    """Return standard output: coloured on a terminal, plain when piped, 80 columns then.

    `COLUMNS` sets another width, `NO_COLOR` takes the colours away. What the terminal's encoding
    lacks is escaped.
    """
    with suppress(AttributeError, ValueError):  # not a text file of Python's own
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return Console(highlight=False, markup=False, emoji=False)


def table(title: str, *heads: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table; columns named in `right` hold numbers."""
    made = Table(
        title=text(title, "bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    for head in heads:
        made.add_column(head, justify="right" if head in right else "left", overflow="ellipsis")
    return made


def text(word: str | None, style: str = "") -> Text:
    """Return a word as a cell: escaped, never taken for markup; None is unread."""
    if word is None:
        return Text(UNREAD, "dim")
    return Text(printable(word), style)


def gibibytes(size: float) -> str:
    """Return bytes in GiB."""
    return UNREAD if math.isnan(size) else f"{size / _GIBIBYTE:.1f}"


def percent(ratio: float) -> str:
    """Return a ratio in percent."""
    return UNREAD if math.isnan(ratio) else f"{ratio * 100:.0f} %"


def whole(number: float, unit: str = "") -> str:
    """Return a number without decimals."""
    return UNREAD if math.isnan(number) else f"{number:.0f}{unit}"


def echo_json(content: object) -> None:
    """Print one line of JSON in pure ASCII, which neither terminals nor pipes can misread."""
    typer.echo(json.dumps(content, allow_nan=False))
