"""Findings as scripts read them: what `--json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aisec_daemon.journal.reading import Acknowledgement
from aisec_daemon.model import Change, Evidence, Finding
from aisec_daemon.model.ocsf import number


def plain(finding: Finding, notes: Sequence[Acknowledgement]) -> dict[str, Any]:
    """Return a finding, and who has seen it."""
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


def plain_change(change: Change) -> dict[str, Any]:
    """Return what happened to a finding, with the rows that it was judged from."""
    return {
        "time": change.time,
        "what": change.what,
        "evidence": [_evidence(each) for each in change.evidence],
    }


def _evidence(each: Evidence) -> dict[str, Any]:
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
