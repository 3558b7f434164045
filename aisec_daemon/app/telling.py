"""Findings as lines: JSON for scripts, sentences for people."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from aisec_daemon.model import Change
from aisec_daemon.model.jsontext import dumps
from aisec_daemon.model.rule import Fact


def as_json(change: Change) -> str:
    """Return one JSON object for an opening, change or closing; what is not known is null."""
    finding = change.finding
    content: dict[str, Any] = {
        "time": change.time,
        "rule": finding.rule.name,
        "status": change.what,
        "severity": finding.severity.word,
        "key": finding.key,
        "subjects": finding.subjects,
        "score": finding.score,
        "reason": finding.reason,
        "facts": {name: _plain(fact) for name, fact in finding.facts.items()},
        "id": finding.id,
        "allowed": finding.allowed,
    }
    return dumps(content).decode()


def as_sentence(change: Change) -> str:
    """Return one line for people, safe to print in a terminal."""
    finding = change.finding
    clock = datetime.fromtimestamp(change.time, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    line = (
        f"{clock} {change.what:7} {finding.severity.word:8} {finding.rule.name}: {finding.reason}"
    )
    return printable(line)


def printable(text: str) -> str:
    """Escape whatever could move a terminal's cursor or forge a line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _plain(fact: Fact) -> Fact:
    return fact if isinstance(fact, str) else float(fact)
