"""Findings as a list: a line each, and below it why where the terminal is narrow."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding
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
_INDENT = 4


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
    for part in _wide(rows, reasons) if screen.width >= _WIDE else _narrow(rows, reasons):
        screen.print(part)


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


def _wide(rows: Sequence[list[Text]], reasons: Sequence[Text]) -> list[RenderableType]:
    made = table("", *_HEADS, "WHY")
    made.columns[-1].overflow = "fold"
    for row, reason in zip(rows, reasons, strict=True):
        made.add_row(*row, reason)
    return [made]


def _narrow(rows: Sequence[list[Text]], reasons: Sequence[Text]) -> list[RenderableType]:
    """Return each reason over the whole width: a column of it would be a few words wide."""
    heads = [Text(head, "bold") for head in _HEADS]
    widths = [max(cell.cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
    parts: list[RenderableType] = [_line(heads, widths)]
    for row, reason in zip(rows, reasons, strict=True):
        parts += [_line(row, widths), Padding(reason, (0, 0, 0, _INDENT), expand=False)]
    return parts


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """Return cells below one another's, two spaces between."""
    line = Text("  ").join(
        Text.assemble(cell, " " * (width - cell.cell_len))
        for cell, width in zip(cells, widths, strict=True)
    )
    line.rstrip()
    return line
