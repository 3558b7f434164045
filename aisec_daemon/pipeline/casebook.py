"""The casebook: folds verdicts into findings with a life."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from aisec_daemon.model import Change, Finding, Rule, Severity, Snapshot, Status, Verdict
from aisec_daemon.model.allow import Allow

OPENED, CHANGED, CLOSED = "opened", "changed", "closed"


@dataclass(frozen=True)
class Case:
    """A finding that is pending or open, and since when nothing spoke for it (NaN: it does)."""

    finding: Finding
    calm_since: float = math.nan


class Casebook:
    """Findings by rule and key.

    pending (past the line) → open (for as long as the rule holds) → closed (calm for as long as
    the rule wants quiet). A subject that is there but could not be judged keeps its case as it is:
    going blind closes nothing. An exception makes a finding allowed: kept and counted, not told.
    """

    def __init__(self, allows: Sequence[Allow] = ()) -> None:
        self.allows = tuple(allows)
        self._cases: dict[tuple[str, str], Case] = {}

    @property
    def open(self) -> tuple[Finding, ...]:
        """Open findings, the oldest first."""
        if not self._cases:
            return ()
        findings = (case.finding for case in self._cases.values())
        return tuple(
            sorted((f for f in findings if f.status is Status.OPEN), key=lambda f: f.opened)
        )

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every pending and open case, to be saved."""
        return tuple(self._cases.values())

    def restore(self, cases: Iterable[Case]) -> None:
        """Go on with cases that were saved."""
        self._cases = {(case.finding.rule.name, case.finding.key): case for case in cases}

    def fold(self, rule: Rule, verdict: Verdict, seen: Snapshot, time: float) -> list[Change]:
        """Take one verdict; return what changed. `seen` gives the subjects their words."""
        keys = verdict.keys or verdict.subjects
        known = [key for name, key in self._cases if name == rule.name] if self._cases else []
        if not verdict.past and not known:
            return []
        rows_of: dict[str, list[int]] = {}
        for row in verdict.past:
            rows_of.setdefault(keys[row], []).append(row)
        unjudged = {keys[row] for row in np.flatnonzero(np.isnan(verdict.score))} if known else ()
        changes: list[Change] = []
        for key, rows in rows_of.items():
            changes += self._speak(rule, key, rows, verdict, seen, time)
        for key in known:
            if key not in rows_of and key not in unjudged:
                changes += self._calm(rule, key, time)
        return changes

    def review(self, time: float) -> list[Change]:
        """Tell again what an exception no longer covers, and note what one covers by now."""
        changes = []
        for name, case in list(self._cases.items()):
            finding = self._permit(case.finding, time)
            if finding.allowed == case.finding.allowed:
                continue
            self._cases[name] = replace(case, finding=finding)
            if finding.status is Status.OPEN:
                changes.append(Change(time, CHANGED if finding.allowed else OPENED, finding))
        return changes

    def _permit(self, finding: Finding, time: float) -> Finding:
        reason = next((a.reason for a in self.allows if a.covers(finding, time)), "")
        return finding if reason == finding.allowed else replace(finding, allowed=reason)

    def _speak(
        self,
        rule: Rule,
        key: str,
        rows: list[int],
        verdict: Verdict,
        seen: Snapshot,
        time: float,
    ) -> list[Change]:
        """Open, or bring up to date, the case of a key that is past the line."""
        case = self._cases.get((rule.name, key))
        before = case.finding if case else None
        finding = self._permit(_describe(rule, key, rows, verdict, seen, time, before), time)
        changes = []
        if finding.status is Status.PENDING and time - finding.since >= rule.hold:
            finding = replace(finding, status=Status.OPEN, opened=time)
            changes.append(Change(time, OPENED, finding))
        elif before and before.status is Status.OPEN and _differs(before, finding):
            changes.append(Change(time, CHANGED, finding))
        self._cases[rule.name, key] = Case(finding)
        return changes

    def _calm(self, rule: Rule, key: str, time: float) -> list[Change]:
        """Drop a pending case for which nothing speaks, close an open one after its quiet."""
        case = self._cases[rule.name, key]
        if case.finding.status is Status.PENDING:
            del self._cases[rule.name, key]
            return []
        since = time if math.isnan(case.calm_since) else case.calm_since
        if time - since < rule.quiet:
            finding = replace(case.finding, score=0.0)
            self._cases[rule.name, key] = Case(finding, since)
            return []
        del self._cases[rule.name, key]
        return [Change(time, CLOSED, replace(case.finding, status=Status.CLOSED, closed=time))]


def _describe(
    rule: Rule,
    key: str,
    rows: list[int],
    verdict: Verdict,
    seen: Snapshot,
    time: float,
    before: Finding | None,
) -> Finding:
    """Say what a key's worst row says; a case that goes on keeps its id, times and peak."""
    worst = max(rows, key=lambda row: verdict.score[row])
    score = float(verdict.score[worst])
    since = before.since if before else time
    return Finding(
        id=before.id if before else _identify(rule.name, key, since),
        rule=rule,
        key=key,
        status=before.status if before else Status.PENDING,
        severity=_severity(rule, rows, verdict, before),
        subjects=tuple(sorted(verdict.subjects[row] for row in rows)),
        score=score,
        peak=max(score, before.peak) if before else score,
        since=since,
        opened=before.opened if before else math.nan,
        closed=math.nan,
        reason=verdict.reasons[worst] if verdict.reasons else rule.title,
        facts={name: facts[worst] for name, facts in verdict.facts.items()},
        labels=verdict.words[worst] if verdict.words else _words(seen, verdict.subjects[worst]),
        allowed=before.allowed if before else "",
    )


def _severity(rule: Rule, rows: list[int], verdict: Verdict, before: Finding | None) -> Severity:
    """Return the worst; an open case keeps the worst that it had, as it keeps its peak.

    Evidence needs a past, which a restart takes away for a while: a case is no milder for that.
    """
    now = rule.severity
    if verdict.severities:
        now = max(verdict.severities[row] for row in rows)
    return max(now, before.severity) if before and before.status is Status.OPEN else now


def _differs(before: Finding, now: Finding) -> bool:
    """Tell whether people would want to hear of it again."""
    return (
        before.severity != now.severity
        or before.subjects != now.subjects
        or before.allowed != now.allowed
    )


def _words(seen: Snapshot, subject: str) -> Mapping[str, str]:
    """Return the words of a subject's row that were read."""
    if subject not in seen.subjects:
        return {}
    row = seen.subjects.index(subject)
    words = {name: column[row] for name, column in seen.labels.items()}
    return {name: word for name, word in words.items() if word}


def _identify(rule: str, key: str, since: float) -> str:
    """Return an id that a replay of the same input gives again."""
    return blake2b(f"{rule}\0{key}\0{since!r}".encode(), digest_size=6).hexdigest()
