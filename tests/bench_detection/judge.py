"""Judging: a take is played through the pipeline, and what was told is held against the truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from aisec_daemon.app import catalogue
from aisec_daemon.detectors import Detector
from aisec_daemon.model import Finding, Severity, Snapshot, Status, Tick
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.traces.generators import Kind, Truth
from tests.traces.takes import Take

View = Callable[[Iterator[Snapshot]], Iterator[Snapshot]]
NEVER = math.inf


@dataclass(frozen=True)
class Told:
    """Somebody was told of a case, or that it had become worse or wider."""

    time: float
    case: str
    rule: str
    severity: Severity
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Alarm:
    """One case as far as it concerns one scene: when it was first told, at each severity or worse.

    Times are seconds since the scene's begin.
    """

    case: str
    rule: str
    first: tuple[float, ...]

    @property
    def worst(self) -> Severity:
        return max(s for s in Severity if self.first[s] < NEVER)


@dataclass(frozen=True)
class Result:
    """One scene, what was said of it, and in which take and view."""

    truth: Truth
    alarms: tuple[Alarm, ...]
    take: str
    view: str
    early: int = 0  # cases told of a miner's GPUs before it began

    def delay(self, rules: Sequence[str], severity: Severity = Severity.WARNING) -> float:
        """Return when one of some rules first told of it; NEVER if none did."""
        times = (alarm.first[severity] for alarm in self.alarms if alarm.rule in rules)
        return min(times, default=NEVER)


def play(take: Take, detectors: Sequence[Detector], view: View) -> list[Told]:
    """Play a take as the daemon would see it; return all that it would have told."""
    periods = {name: p for name, p in take.periods.items() if name in catalogue.tables()}
    pipeline = Pipeline(catalogue.tables(), detectors, periods)
    return [told for snapshot in view(take.play()) for told in _told(pipeline.step(snapshot))]


def _told(tick: Tick) -> Iterator[Told]:
    for change in tick.changes:
        finding: Finding = change.finding
        if finding.status is Status.OPEN:
            name, severity = finding.rule.name, finding.severity
            yield Told(change.time, finding.id, name, severity, finding.subjects)


def concerns(subject: str, truth: Truth) -> bool:
    """Tell whether a finding's subject is a scene's GPU, or a process or socket of its own."""
    parts = set(subject.split("/"))
    return bool(parts & {*truth.gpus, *truth.processes})


def results(take: Take, told: Sequence[Told], view: str) -> tuple[list[Result], list[Told]]:
    """Return a result for each scene, and what was told of no scene at all."""
    found = [_result(truth, told, take.name, view) for truth in take.truths]
    strays = [
        t for t in told if not any(concerns(s, truth) for s in t.subjects for truth in take.truths)
    ]
    return found, strays


def _result(truth: Truth, told: Sequence[Told], take: str, view: str) -> Result:
    mine = [t for t in told if any(concerns(s, truth) for s in t.subjects)]
    early: set[str] = set()
    if truth.kind is Kind.MINING:
        early = {t.case for t in mine if t.time < truth.begin}
        mine = [t for t in mine if truth.begin <= t.time <= truth.end]
    cases = dict.fromkeys((t.case, t.rule) for t in mine)
    alarms = tuple(_alarm(case, rule, mine, truth.begin) for case, rule in cases)
    return Result(truth, alarms, take, view, len(early))


def _alarm(case: str, rule: str, told: Sequence[Told], begin: float) -> Alarm:
    mine = [t for t in told if t.case == case]
    first = tuple(
        min((t.time - begin for t in mine if t.severity >= severity), default=NEVER)
        for severity in Severity
    )
    return Alarm(case, rule, first)
