"""One finding, whole, as people read it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aisec_daemon.app.asking import clock
from aisec_daemon.app.web.runbooks import find
from aisec_daemon.cli.findings_json import plain, plain_change
from aisec_daemon.cli.findings_list import STYLES, status
from aisec_daemon.cli.screen import console, echo_json, text
from aisec_daemon.cli.sparkline import sparkline
from aisec_daemon.journal.reading import Acknowledgement
from aisec_daemon.model import Change, Evidence, Finding
from aisec_daemon.model.rule import Fact, worded

_LEFT_WIDTH, _LEAST_WIDTH = 56, 20  # beside a picture: its name, its least and greatest value


def show_one(
    finding: Finding, happened: Sequence[Change], notes: Sequence[Acknowledgement], *, json: bool
) -> None:
    """Print one finding whole."""
    if json:
        echo_json({**plain(finding, notes), "changes": [plain_change(each) for each in happened]})
        return
    screen = console()
    for part in _parts(finding, happened, notes, screen.width):
        screen.print(part)


def _parts(
    finding: Finding, happened: Sequence[Change], notes: Sequence[Acknowledgement], width: int
) -> Iterator[RenderableType]:
    """Yield what is shown, from the sentence to the evidence."""
    severity = text(finding.severity.word, STYLES[finding.severity])
    title = text(f"  {finding.rule.name}  {status(finding, seen=False)}  {finding.rule.title}")
    yield Text.assemble(text(finding.id, "bold"), "  ", severity, title)
    yield text(finding.reason)
    yield Text()
    yield _pairs(_summary(finding))
    for name, pairs in (("Facts", finding.facts), ("Words", finding.labels)):
        told = {key: _said(word) for key, word in pairs.items() if word != ""}
        if told:
            yield Group(Text(name, "bold"), _pairs(told))
    yield Group(Text("What happened", "bold"), *map(_happened, happened))
    if notes:
        yield Group(Text("Who saw it", "bold"), *map(_note, notes))
    proof = next((change.evidence for change in happened if change.evidence), ())
    if not proof:
        yield Text("No rows were kept with it.", "dim")
    for each in proof:
        yield _evidence(each, width)


def _summary(finding: Finding) -> dict[str, str]:
    said = {
        "opened": f"{clock(finding.opened)} UTC",
        "closed": "" if math.isnan(finding.closed) else f"{clock(finding.closed)} UTC",
        "score": f"{_said(finding.score)} (peak {_said(finding.peak)}; 1 is the line)",
        "subjects": ", ".join(finding.subjects),
        "technique": finding.rule.technique,
        "honest causes": finding.rule.benign,
        "allowed": finding.allowed,
        "what to do": str(find(finding.rule.name) or ""),
    }
    return {name: word for name, word in said.items() if word}


def _pairs(pairs: dict[str, str]) -> Padding:
    made = Table.grid(padding=(0, 2))
    for name, word in pairs.items():
        made.add_row(text(name, "dim"), text(word))
    return Padding(made, (0, 0, 1, 2))


def _happened(change: Change) -> Padding:
    severity = change.finding.severity
    line = Text.assemble(
        text(f"{clock(change.time)}  {change.what:8} "),
        text(f"{severity.word:9}", STYLES[severity]),
        text(change.finding.reason),
    )
    return Padding(line, (0, 0, 0, 2))


def _note(note: Acknowledgement) -> Padding:
    ends = f" until {clock(note.expires)}" if math.isfinite(note.expires) else ""
    return Padding(text(f"{clock(note.time)}  {note.who}: {note.reason}{ends}"), (0, 0, 0, 2))


def _evidence(each: Evidence, width: int) -> Group:
    """Return rows of a table as they were judged, a picture beside what has a past."""
    more = f", {each.more} more" if each.more else ""
    parts: list[RenderableType] = [
        Text(),
        text(f"Evidence: {each.table} at {clock(each.time)}{more}", "bold"),
    ]
    for at, subject in enumerate(each.subjects):
        rows = {name: _said(row[at]) for name, row in each.numbers.items() if name not in each.past}
        rows = {name: word for name, word in rows.items() if word != "?"}
        words = {name: row[at] or "" for name, row in each.words.items() if row[at]}
        parts += [Padding(text(subject, "underline"), (0, 0, 0, 2)), _pairs({**words, **rows})]
        parts += [_picture(name, many[at], width) for name, many in each.past.items()]
    return Group(*parts)


def _picture(name: str, series: Sequence[float], width: int) -> Padding:
    known = [value for value in series if math.isfinite(value)]
    drawn = sparkline(series, max(width - _LEFT_WIDTH, _LEAST_WIDTH), plain=_is_plain())
    span = f"{min(known):.4g} … {max(known):.4g}" if known else "not read"
    line = Text.assemble(text(f"{name:30.30} "), text(drawn, "cyan"), text(f" {span}"))
    return Padding(line, (0, 0, 0, 2))


def _is_plain() -> bool:
    """Tell whether the terminal's encoding lacks blocks."""
    try:
        "█".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def _said(fact: Fact) -> str:
    if isinstance(fact, str):
        return fact
    return "?" if math.isnan(fact) else worded(fact)
