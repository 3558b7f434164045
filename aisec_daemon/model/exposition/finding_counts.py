"""Findings as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

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
        self._calm: tuple[object, object, list[Chunk]] | None = None  # while nothing is open

    def take(self, tick: Tick) -> Callable[[], list[Chunk]]:
        """Count the tick's changes; what comes back renders them, and what is open."""
        if tick.changes:
            self._opened = _with(self._opened, _changed(tick.changes, "opened"))
            self._closed = _with(self._closed, _changed(tick.changes, "closed"))
        return partial(self._render, tick.findings, self._opened, self._closed)

    def _render(
        self, findings: Sequence[Finding], opened: Counter[_Pair], closed: Counter[_Pair]
    ) -> list[Chunk]:
        if findings:
            return self._count(findings, opened, closed)
        if self._calm is None or self._calm[:2] != (opened, closed):
            self._calm = opened, closed, self._count((), opened, closed)
        return self._calm[2]

    def _count(
        self, findings: Sequence[Finding], opened: Counter[_Pair], closed: Counter[_Pair]
    ) -> list[Chunk]:
        held = Counter(dict.fromkeys(self._start, 0))
        held.update(_pair(f) for f in findings if not f.allowed)
        allowed = Counter(dict.fromkeys(self._rules, 0))
        allowed.update(f.rule.name for f in findings if f.allowed)
        scores: dict[str, float] = {}
        for finding in findings:
            name = finding.rule.name
            scores[name] = max(finding.score, scores.get(name, finding.score))
        counts = (_by_pair(held), _by_rule(allowed), _by_rule(scores))
        totals = (_by_pair(opened), _by_pair(closed), self._words)
        return [
            chunk
            for family, values in zip(FINDINGS, (*counts, *totals), strict=True)
            if (chunk := samples(family, values, self._constant)).body
        ]


_Samples = list[tuple[Mapping[str, Word], float]]


def _words(rule: Rule) -> Mapping[str, Word]:
    return {"rule": rule.name, "title": rule.title, "technique": rule.technique}


def _with(counts: Counter[_Pair], more: Sequence[_Pair]) -> Counter[_Pair]:
    """Return the counts and some more; those before may still be rendered."""
    counted = counts.copy()
    counted.update(more)
    return counted


def _changed(changes: Sequence[Change], what: str) -> list[_Pair]:
    told = (c.finding for c in changes if c.what == what and not c.finding.allowed)
    return [_pair(finding) for finding in told]


def _pair(finding: Finding) -> _Pair:
    return finding.rule.name, finding.severity.word


def _by_pair(counts: Mapping[_Pair, float]) -> _Samples:
    return [({"rule": rule, "severity": word}, n) for (rule, word), n in counts.items()]


def _by_rule(counts: Mapping[str, float]) -> _Samples:
    return [({"rule": rule}, n) for rule, n in counts.items()]
