"""Scores: what some results come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aisec_daemon.model import Severity
from tests.bench_detection.judge import NEVER, Result
from tests.bench_detection.poisson import WEEK, interval
from tests.traces.generators import Kind


@dataclass(frozen=True)
class Recall:
    """How many of some mining scenes were told of, and how soon (seconds)."""

    scenes: int
    delays: tuple[float, ...]  # of those that were told of

    @classmethod
    def of(
        cls,
        results: Iterable[Result],
        rules: Sequence[str],
        severity: Severity = Severity.WARNING,
    ) -> Recall:
        delays = [r.delay(rules, severity) for r in results if r.truth.kind is Kind.MINING]
        return cls(len(delays), tuple(sorted(d for d in delays if d < NEVER)))

    def within(self, seconds: float = NEVER) -> float:
        """Return the share told of within so many seconds; NaN if there were no scenes."""
        if not self.scenes:
            return float("nan")
        return sum(d <= seconds for d in self.delays) / self.scenes

    def quantile(self, share: float) -> float:
        """Return the delay that this share of those told of stayed within; NaN if none was."""
        if not self.delays:
            return float("nan")
        return float(np.quantile(self.delays, share, method="higher"))


@dataclass(frozen=True)
class Falsehood:
    """False findings over some GPU-weeks: all, those past a warning, those where silence is due."""

    scenes: int
    weeks: float
    told: int
    past: int
    unbidden: int

    @classmethod
    def of(cls, results: Iterable[Result], rules: Sequence[str]) -> Falsehood:
        """Count cases told of scenes that are no mining."""
        honest = [r for r in results if r.truth.kind is not Kind.MINING]
        alarms = [(r.truth.most, a) for r in honest for a in r.alarms if a.rule in rules]
        past = sum(alarm.worst > Severity.WARNING for _, alarm in alarms)
        unbidden = sum(most is None for most, _ in alarms)
        weeks = sum(r.truth.seconds for r in honest) / WEEK
        return cls(len(honest), weeks, len(alarms), past, unbidden)

    def a_week(self, events: int) -> tuple[float, float]:
        """Return the exact 95 % interval of so many events, per GPU-week."""
        return interval(events, self.weeks)


def by(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    """Return results by a key, in the keys' order of appearance."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(key(result), []).append(result)
    return found


def in_view(results: Iterable[Result], view: str) -> list[Result]:
    """Return the results of a view; where a scene has no marks of lists, "everything" is the same.

    Such scenes were judged without lists only.
    """
    results = list(results)
    if view != "everything":
        return [r for r in results if r.view == view]
    judged = {(r.take, r.truth.gpus) for r in results if r.view == "everything"}
    rest = (r for r in results if r.view == "lists off" and (r.take, r.truth.gpus) not in judged)
    return [r for r in results if r.view == "everything"] + list(rest)
