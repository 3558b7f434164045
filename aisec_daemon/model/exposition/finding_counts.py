"""Findings as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from aisec_daemon.model.exposition.families import FINDINGS
from aisec_daemon.model.exposition.text import Chunk, samples
from aisec_daemon.model.finding import Change, Finding
from aisec_daemon.model.rule import Rule
from aisec_daemon.model.snapshot import Word
from aisec_daemon.model.tick import Tick

_Pair = tuple[str, str]  # rule and severity


class FindingCounts:
    """Open, allowed, opened and closed findings by rule, and the rules in words.

    Every known rule is there from the start with 0 at its own severity, since an alert on a rise
    misses the first event of a series that begins with it.
    """

    def __init__(self, rules: Sequence[Rule], constant: Mapping[str, str]) -> None:
        self._constant = constant
        self._rules = [rule.name for rule in rules]
        self._start: list[_Pair] = [(rule.name, rule.severity.word) for rule in rules]
        self._opened: Counter[_Pair] = Counter(dict.fromkeys(self._start, 0))
        self._closed: Counter[_Pair] = Counter(dict.fromkeys(self._start, 0))
        self._words: _Samples = [(_words(rule), 1.0) for rule in rules]

    def take(self, tick: Tick) -> list[Chunk]:
        """Count the tick's changes and render what is open."""
        self._opened.update(_changed(tick.changes, "opened"))
        self._closed.update(_changed(tick.changes, "closed"))
        held = Counter(dict.fromkeys(self._start, 0))
        held.update(_pair(f) for f in tick.findings if not f.allowed)
        allowed = Counter(dict.fromkeys(self._rules, 0))
        allowed.update(f.rule.name for f in tick.findings if f.allowed)
        scores: dict[str, float] = {}
        for finding in tick.findings:
            name = finding.rule.name
            scores[name] = max(finding.score, scores.get(name, finding.score))
        counts = (_by_pair(held), _by_rule(allowed), _by_rule(scores))
        totals = (_by_pair(self._opened), _by_pair(self._closed), self._words)
        return [
            chunk
            for family, values in zip(FINDINGS, (*counts, *totals), strict=True)
            if (chunk := samples(family, values, self._constant)).body
        ]


_Samples = list[tuple[Mapping[str, Word], float]]


def _words(rule: Rule) -> Mapping[str, Word]:
    return {"rule": rule.name, "title": rule.title, "technique": rule.technique}


def _changed(changes: Sequence[Change], what: str) -> list[_Pair]:
    told = (c.finding for c in changes if c.what == what and not c.finding.allowed)
    return [_pair(finding) for finding in told]


def _pair(finding: Finding) -> _Pair:
    return finding.rule.name, finding.severity.word


def _by_pair(counts: Mapping[_Pair, float]) -> _Samples:
    return [({"rule": rule, "severity": word}, n) for (rule, word), n in counts.items()]


def _by_rule(counts: Mapping[str, float]) -> _Samples:
    return [({"rule": rule}, n) for rule, n in counts.items()]
