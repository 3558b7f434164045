"""Drift: a workload, or a GPU at rest, behaves unlike all of its own past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.detectors.drift import budget, newcomers, sharing, telling, totals
from aisec_daemon.detectors.drift.judging import Judgement, judge
from aisec_daemon.detectors.drift.ledger import FIELDS, Ledger
from aisec_daemon.detectors.drift.pool import BLOCK_SECONDS
from aisec_daemon.detectors.drift.series import ALWAYS, SHARED, Series, gather
from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict, View
from aisec_daemon.model.rule import Fact

_ROWS = 4096
_RATES = tuple(name for name in (*SHARED, *ALWAYS) if name.endswith("_per_second"))


class _Line(NamedTuple):
    """One row of the verdict."""

    subject: str
    score: float
    case: str
    reason: str = ""
    facts: Mapping[str, Fact] = {}


@dataclass(frozen=True)
class Drift:
    """State belongs to workloads: a job that starts, ends or moves to another GPU is no drift.

    A series is learned before it is judged, and nothing is learned from what was just called
    anomalous. The threshold follows from the false alarms that the operator accepts.
    """

    rule: ClassVar[Rule] = Rule(
        "drift",
        title="A workload or a GPU behaves unlike its past",
        severity=Severity.WARNING,
        benign="A program that was changed, new data, another batch size, a GPU that was moved.",
        hold=0.0,
        quiet=300.0,
    )
    memory: ClassVar[StateShape | None] = StateShape(2, FIELDS, rows=_ROWS, single=True)
    peers: ClassVar[bool] = True  # the budget is divided over all series there are

    calibration: Annotated[
        str, "file that `aisec-daemon calibrate` wrote, of this fleet; empty for this node alone"
    ] = ""
    false_alarms_per_gpu_week: Annotated[
        float, "false alarms that are accepted, for each GPU and week"
    ] = 0.5
    learn: Annotated[float, "readings of a series before it is judged"] = 900.0
    settle: Annotated[float, "seconds after a workload starts in which it is not judged"] = 120.0
    accept: Annotated[
        float, "seconds after which what goes on being unlike the past is learned after all"
    ] = 86400.0

    def __post_init__(self) -> None:
        if not 0 < self.false_alarms_per_gpu_week <= budget.MOST_PER_WEEK:
            raise ValueError("false_alarms_per_gpu_week must be above 0 and at most 1000")
        if self.learn < budget.LEAST_LEARNED or self.settle < 0 or self.accept <= 0:
            raise ValueError("learn must be 120 or more, settle 0 or more and accept above 0")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of the processes calls it, which comes after one of their GPUs."""
        return (Read("gpu_process"), Read("gpu", 5.0, _RATES))

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge every series there is, and learn."""
        processes, gpus = views
        if gpus is None or processes is None:
            return state, Verdict((), np.empty(0))
        ledger = Ledger(state, _ROWS)
        series = gather(processes, gpus, ledger)
        count = max(sum(kind == "gpu" for kind in gpus.label("kind")), 1)
        share = budget.share(self.false_alarms_per_gpu_week, count, series.read)
        users = _greet(ledger, series, gpus.time)
        found = judge(ledger, series, gpus.time, share, self)
        arrivals = [_of_user(ledger, user, gpus.time, share) for user in users]
        opened = found.opened + sum(
            newcomers.opens(ledger, line.subject, line.score) for line in arrivals
        )
        watched = count if found.ready.any() else 0
        totals.count(ledger, opened, gpus.time, watched)
        return ledger.state(), _verdict([*self._of_series(found, count), *arrivals])

    def _of_series(self, found: Judgement, gpus: int) -> Iterator[_Line]:
        series = found.series
        rows = zip(series.keys, found.score.tolist(), series.owners, strict=True)
        for row, (key, score, owner) in enumerate(rows):
            if not score >= 1:
                yield _Line(key, score, owner)
                continue
            change = found.change(row, gpus, self.false_alarms_per_gpu_week)
            facts: dict[str, Fact] = {**series.words[owner], **telling.quantiles(change)}
            yield _Line(key, score, owner, telling.reason(change, series.words[owner]), facts)

    def gauges(self, state: State) -> Iterator[tuple[str, str, float]]:
        """Tell, for the metrics page, what was promised and what was seen."""
        return totals.gauges(state, self.false_alarms_per_gpu_week)


def _verdict(lines: Sequence[_Line]) -> Verdict:
    """Put series and users together."""
    names = sorted({name for line in lines for name in line.facts})
    return Verdict(
        tuple(line.subject for line in lines),
        np.array([line.score for line in lines], np.float64),
        {name: tuple(line.facts.get(name, "") for line in lines) for name in names},
        tuple(line.reason for line in lines),
        tuple(line.case for line in lines),
    )


def _of_user(ledger: Ledger, user: str, time: float, share: float) -> _Line:
    """Judge how many workloads that were never seen a user came with."""
    hourly = share * newcomers.HOUR / BLOCK_SECONDS
    score, count, usual = newcomers.judged(ledger, user, time, hourly)
    name = f"user/{user}"
    if not score >= 1:
        return _Line(name, score, name)
    reason = (
        f"{count:.0f} workloads that were never seen came from user {telling.plain(user)} within "
        f"the hour; usually {usual:.2g} an hour"
    )
    return _Line(name, score, name, reason, {"user": user, "value": count, "median_before": usual})


def _greet(ledger: Ledger, series: Series, time: float) -> dict[str, int]:
    """Count workloads that were never seen, by user; every user of now is named.

    What is there when this memory begins is not new.
    """
    age = totals.age(ledger, time)
    users: dict[str, int] = {}
    keys = []
    for owner in dict.fromkeys(series.owners):
        user = series.words[owner].get("user")
        if user is None:
            continue
        keys.append(sharing.known(owner, tuple(series.words[owner].items())))
        new = keys[-1] not in ledger
        if new:
            ledger.plain(keys[-1])
        users[user] = users.get(user, 0) + (new and age >= newcomers.FIRST_SECONDS)
    ledger.set_time(ledger.rows(keys, time), "seen", np.full(len(keys), time))
    for user, count in users.items():
        newcomers.arrived(ledger, user, count, time)
    return users
