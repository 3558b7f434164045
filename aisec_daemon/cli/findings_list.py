"""Findings as a list: a line each, and below it why where the terminal is narrow."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aisec_daemon.app.asking import clock
from aisec_daemon.cli.findings_json import plain
from aisec_daemon.cli.screen import console, echo_json, table, text
from aisec_daemon.journal.reading import Acknowledgement
from aisec_daemon.model import Finding, Severity

STYLES = {
    Severity.INFO: "",
    Severity.WARNING: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold red",
}
_HEADS = ("ID", "SEVERITY", "RULE", "STATUS", "OPENED (UTC)")
_WIDE = 110  # from here on a reason has a column of its own
_INDENT = " " * 4


def show_list(found: Sequence[Finding], notes: Sequence[Acknowledgement], *, json: bool) -> None:
    """Print findings."""
    seen = {note.finding: note for note in notes}
    if json:
        for finding in found:
            echo_json(plain(finding, [seen[finding.id]] if finding.id in seen else []))
        return
    screen = console()
    if not found:
        screen.print("nothing found")
        return
    rows = [_row(finding, seen=finding.id in seen) for finding in found]
    reasons = [text(finding.reason) for finding in found]
    if screen.width >= _WIDE:
        screen.print(_wide(rows, reasons))
    else:
        _print_narrow(screen, rows, reasons)


def status(finding: Finding, *, seen: bool) -> str:
    """Return how it stands, in words."""
    words = (finding.status.value, "allowed" if finding.allowed else "", "seen" if seen else "")
    return ", ".join(word for word in words if word)


def _row(finding: Finding, *, seen: bool) -> list[Text]:
    return [
        text(finding.id),
        text(finding.severity.word, STYLES[finding.severity]),
        text(finding.rule.name),
        text(status(finding, seen=seen)),
        text(clock(finding.opened)),
    ]


def _wide(rows: Sequence[list[Text]], reasons: Sequence[Text]) -> Table:
    made = table("", *_HEADS, "WHY")
    made.columns[-1].overflow = "fold"
    for row, reason in zip(rows, reasons, strict=True):
        made.add_row(*row, reason)
    return made


def _print_narrow(screen: Console, rows: Sequence[list[Text]], reasons: Sequence[Text]) -> None:
    """Give each reason the whole width: a column of it would be a few words wide."""
    heads = [Text(head, "bold") for head in _HEADS]
    widths = [max(cell.cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
    screen.print(_line(heads, widths))
    for row, reason in zip(rows, reasons, strict=True):
        screen.print(_line(row, widths))
        for line in reason.wrap(screen, screen.width - len(_INDENT)):
            line.rstrip()
            screen.print(Text(_INDENT) + line)


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """Return cells below one another's, two spaces between."""
    line = Text("  ").join(
        Text.assemble(cell, " " * (width - cell.cell_len))
        for cell, width in zip(cells, widths, strict=True)
    )
    line.rstrip()
    return line
