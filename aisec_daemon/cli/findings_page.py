"""Findings as people and scripts read them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aisec_daemon.app.asking import clock
from aisec_daemon.cli.screen import console, echo_json, table, text
from aisec_daemon.cli.sparkline import sparkline
from aisec_daemon.journal.reading import Acknowledgement
from aisec_daemon.model import Change, Evidence, Finding, Severity
from aisec_daemon.model.ocsf import number
from aisec_daemon.model.rule import Fact

STYLES = {
    Severity.INFO: "",
    Severity.WARNING: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold red",
}
_LEFT_WIDTH, _LEAST_WIDTH = 56, 20  # beside a picture: its name, its least and greatest value


def show_list(found: Sequence[Finding], notes: Sequence[Acknowledgement], *, json: bool) -> None:
    """Print findings, a line each."""
    seen = {note.finding: note for note in notes}
    if json:
        for finding in found:
            echo_json(plain(finding, [seen[finding.id]] if finding.id in seen else []))
        return
    if not found:
        console().print("nothing found")
        return
    made = table("", "ID", "SEVERITY", "RULE", "STATUS", "OPENED (UTC)", "WHY")
    made.columns[-1].overflow = "fold"
    for finding in found:
        made.add_row(
            text(finding.id),
            text(finding.severity.word, STYLES[finding.severity]),
            text(finding.rule.name),
            text(_status(finding, seen.get(finding.id))),
            text(clock(finding.opened)),
            text(finding.reason),
        )
    console().print(made)


def show_one(
    finding: Finding, happened: Sequence[Change], notes: Sequence[Acknowledgement], *, json: bool
) -> None:
    """Print one finding whole."""
    if json:
        changes = [
            {
                "time": change.time,
                "what": change.what,
                "evidence": [_plain_evidence(each) for each in change.evidence],
            }
            for change in happened
        ]
        echo_json({**plain(finding, notes), "changes": changes})
        return
    screen = console()
    for part in _parts(finding, happened, notes, screen.width):
        screen.print(part)


def plain(finding: Finding, notes: Sequence[Acknowledgement]) -> dict[str, Any]:
    """Return a finding as JSON has it."""
    return {
        "id": finding.id,
        "rule": finding.rule.name,
        "technique": finding.rule.technique,
        "status": finding.status.value,
        "severity": finding.severity.word,
        "key": finding.key,
        "subjects": list(finding.subjects),
        **{
            name: number(getattr(finding, name))
            for name in ("score", "peak", "since", "opened", "closed")
        },
        "reason": finding.reason,
        "facts": {name: number(fact) for name, fact in finding.facts.items()},
        "labels": dict(finding.labels),
        "allowed": finding.allowed,
        "acknowledged": [
            {
                "time": note.time,
                "who": note.who,
                "reason": note.reason,
                "expires": number(note.expires),
            }
            for note in notes
        ],
    }


def _plain_evidence(each: Evidence) -> dict[str, Any]:
    return {
        "table": each.table,
        "time": each.time,
        "subjects": list(each.subjects),
        "numbers": {name: [number(x) for x in row] for name, row in each.numbers.items()},
        "words": {name: list(row) for name, row in each.words.items()},
        "times": list(each.times),
        "past": {
            name: [[number(x) for x in one] for one in many] for name, many in each.past.items()
        },
        "more": each.more,
    }


def _status(finding: Finding, note: Acknowledgement | None) -> str:
    word = finding.status.value
    if finding.allowed:
        word += ", allowed"
    return word + (", seen" if note else "")


def _parts(
    finding: Finding, happened: Sequence[Change], notes: Sequence[Acknowledgement], width: int
) -> Iterator[RenderableType]:
    """Yield what is shown, from the sentence to the evidence."""
    severity = text(finding.severity.word, STYLES[finding.severity])
    title = text(f"  {finding.rule.name}  {_status(finding, None)}  {finding.rule.title}")
    yield Text.assemble(text(finding.id, "bold"), "  ", severity, title)
    yield text(finding.reason)
    yield Text()
    yield _pairs(_summary(finding))
    for name, pairs in (("Facts", finding.facts), ("Words", finding.labels)):
        if pairs:
            yield Group(Text(name, "bold"), _pairs({k: _said(v) for k, v in pairs.items()}))
    yield Group(Text("What happened", "bold"), *map(_happened, happened))
    if notes:
        yield Group(Text("Who saw it", "bold"), *map(_note, notes))
    proof = next((change.evidence for change in happened if change.evidence), ())
    if not proof:
        yield Text("No rows were kept with it.", "dim")
    for each in proof:
        yield _evidence(each, width)


def _summary(finding: Finding) -> dict[str, str]:
    return {
        "opened": clock(finding.opened),
        "closed": clock(finding.closed),
        "score": f"{_said(finding.score)} (peak {_said(finding.peak)}; 1 is the line)",
        "subjects": ", ".join(finding.subjects),
        "technique": finding.rule.technique or "-",
        "honest causes": finding.rule.benign,
        "allowed": finding.allowed or "-",
    }


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
    return "?" if math.isnan(fact) else f"{fact:.6g}"
