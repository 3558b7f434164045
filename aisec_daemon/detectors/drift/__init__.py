"""Drift: a workload, or a GPU at rest, behaves unlike all of its own past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.drift import budget, newcomers, sharing, telling
from aisec_daemon.detectors.drift.judging import Judgement, judge
from aisec_daemon.detectors.drift.ledger import FIELDS, Ledger
from aisec_daemon.detectors.drift.series import ALWAYS, SHARED, Series, gather
from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict, View

TOTALS = "totals"
_ROWS = 4096
_OPENED, _GPU_WEEKS, _GPU_SECONDS, _LAST_DAY, _LAST_SECOND, _BEGUN_DAY, _BEGUN_SECOND = range(7)
_RATES = tuple(name for name in (*SHARED, *ALWAYS) if name.endswith("_per_second"))
_LONGEST_STEP = 60.0  # seconds between readings that still count as watching
_DAY = 86_400.0


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
    memory: ClassVar[StateShape | None] = StateShape(1, FIELDS, rows=_ROWS, single=True)
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
        _count(ledger, found, gpus.time, count)
        return ledger.state(), self._verdict(ledger, found, users, (gpus.time, share, count))

    def _verdict(
        self,
        ledger: Ledger,
        found: Judgement,
        users: dict[str, int],
        now: tuple[float, float, int],
    ) -> Verdict:
        """Put series and users together; the words are made only for what is past the line."""
        time, share, gpus = now
        series = found.series
        facts: list[dict[str, Any]] = [{} for _ in series.keys]
        reasons = [""] * len(series.keys)
        for row in np.flatnonzero(found.score >= 1):
            change = found.change(int(row), gpus, self.false_alarms_per_gpu_week)
            words = series.words[series.owners[row]]
            reasons[row] = telling.reason(change, words)
            facts[row] = {**words, **telling.quantiles(change)}
        subjects, scores, owners = list(series.keys), found.score.tolist(), list(series.owners)
        for user in users:
            hourly = share * newcomers.HOUR / budget.BLOCK_SECONDS
            score, count, usual = newcomers.judged(ledger, user, time, hourly)
            subjects.append(f"user/{user}")
            owners.append(f"user/{user}")
            scores.append(score)
            told = {"user": user, "value": count, "median_before": usual}
            facts.append(told if score >= 1 else {})
            reasons.append(
                f"{count:.0f} workloads that were never seen came from user "
                f"{telling.plain(user)} within the hour; usually {usual:.2g} an hour"
            )
        names = sorted({name for row in facts for name in row})
        return Verdict(
            tuple(subjects),
            np.array(scores, np.float64),
            {name: tuple(row.get(name, "") for row in facts) for name in names},
            tuple(reasons),
            tuple(owners),
        )

    def gauges(self, state: State) -> Iterator[tuple[str, str, float]]:
        """Tell, for the metrics page, what was promised and what was seen."""
        rows = dict(zip(state.keys, state.values, strict=True))
        total = rows.get(TOTALS)
        opened = float(total[_OPENED]) if total is not None else 0.0
        watched = 0.0
        if total is not None:
            watched = float(total[_GPU_WEEKS]) + float(total[_GPU_SECONDS]) / budget.WEEK_SECONDS
        yield (
            "aisec_drift_target_false_alarms_per_gpu_week",
            "False alarms of drift that the operator accepts.",
            self.false_alarms_per_gpu_week,
        )
        yield (
            "aisec_drift_openings_per_gpu_week",
            "Openings of drift, right and false ones: an upper bound of the false ones.",
            opened / watched if watched > 0 else np.nan,
        )
        yield ("aisec_drift_watched_gpu_weeks", "Time over which openings were counted.", watched)
        yield (
            "aisec_drift_calibration_blocks",
            "Blocks of 300 s of single series that the thresholds come from, the fleet's too.",
            sum(budget.counted(row) for key, row in rows.items() if budget.is_pool(key)),
        )


def _greet(ledger: Ledger, series: Series, time: float) -> dict[str, int]:
    """Count workloads that were never seen, by user; every user of now is named.

    What is there when this memory begins is not new.
    """
    total = ledger.plain(TOTALS)
    if total[_BEGUN_DAY] == 0:
        total[_BEGUN_DAY], total[_BEGUN_SECOND] = time // _DAY, time % _DAY
    age = time - float(total[_BEGUN_DAY]) * _DAY - float(total[_BEGUN_SECOND])
    users: dict[str, int] = {}
    for owner in dict.fromkeys(series.owners):
        user = series.words[owner].get("user")
        if user is None:
            continue
        users.setdefault(user, 0)
        key = sharing.known(owner, series.words[owner])
        users[user] += key not in ledger and age >= newcomers.FIRST_SECONDS
        ledger.plain(key)
        ledger.set_time(ledger.rows([key], time), "seen", np.array([time]))
    for user, count in users.items():
        newcomers.arrived(ledger, user, count, time)
    return users


def _count(ledger: Ledger, found: Judgement, time: float, gpus: int) -> None:
    """Go on with the totals that the metrics show."""
    row: NDArray[np.float32] = ledger.plain(TOTALS)
    last = float(row[_LAST_DAY]) * _DAY + float(row[_LAST_SECOND])
    if last and 0 < time - last <= _LONGEST_STEP and found.ready.any():
        weeks, seconds = divmod(
            float(row[_GPU_SECONDS]) + gpus * (time - last), budget.WEEK_SECONDS
        )
        row[_GPU_WEEKS] += np.float32(weeks)  # float32 cannot count the seconds of years
        row[_GPU_SECONDS] = seconds
    row[_OPENED] += np.float32(found.opened)
    row[_LAST_DAY], row[_LAST_SECOND] = time // _DAY, time % _DAY
