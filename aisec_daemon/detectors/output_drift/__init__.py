"""Output drift: a model answers unlike the baseline that an operator approved."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.detectors.output_drift.stream import FIELDS, Doubles, Stream
from aisec_daemon.detectors.output_drift.values import streams
from aisec_daemon.model import (
    Read,
    Rule,
    Severity,
    Snapshot,
    State,
    StateShape,
    Verdict,
    View,
)
from aisec_daemon.model.rule import Fact

_WEEK_SECONDS = 604_800.0
_ROOM = 100.0  # times past the line that fortunes may grow
_LEAST_VALUES = 1000.0


class _Row(NamedTuple):
    """One line of the verdict."""

    model: str
    score: float
    severity: Severity = Severity.HIGH
    reason: str = ""
    facts: tuple[float, float, float, float] = (np.nan,) * 4


@dataclass(frozen=True)
class OutputDrift:
    """A baseline is learned, approved, and then bet against; evidence may be looked at any time.

    Values that hang together in time are thinned until they do not.
    """

    rule: ClassVar[Rule] = Rule(
        "output_drift",
        title="A model's outputs are unlike its baseline",
        severity=Severity.HIGH,
        technique="AML.T0031",
        benign="Another season, other customers, a model that was replaced on purpose.",
        hold=0.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = StateShape(1, FIELDS, rows=512)
    peers: ClassVar[bool] = False

    false_alarms_per_model_week: Annotated[
        float, "false alarms that are accepted, for each model and week"
    ] = 0.5
    baseline: Annotated[float, "values of a baseline"] = 50_000.0
    approved: Annotated[
        str, "models whose baseline you looked at and approve: patterns, apart by commas"
    ] = ""

    def __post_init__(self) -> None:
        if not 0 < self.false_alarms_per_model_week <= _LEAST_VALUES:
            raise ValueError("false_alarms_per_model_week must be above 0 and at most 1000")
        if self.baseline < _LEAST_VALUES:
            raise ValueError("baseline must be 1000 values or more")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of outputs calls it."""
        return (Read("output"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Take what came of each model, in its order."""
        (outputs,) = views
        if outputs is None:
            return state, Verdict((), np.empty(0))
        now = outputs.latest
        memory = dict(zip(state.keys, state.values.copy(), strict=True))
        rows = [self._model(memory, now, row) for row in range(len(now.subjects))]
        shape = self.memory
        keys = sorted(memory, key=lambda k: -Stream(memory[k]).number("last"))
        kept = tuple(sorted(keys[: shape.rows if shape else 0]))
        values = np.array([memory[key] for key in kept]).reshape(len(kept), len(FIELDS))
        return State(kept, values), _verdict(rows)

    def _model(self, memory: dict[str, Doubles], now: Snapshot, row: int) -> _Row:
        model, text = now.subjects[row], now.labels["values"][row]
        if text is None:
            return _Row(model, np.nan)
        kind, values = streams(text.split())
        mine = [f"{model}/{at}" for at in range(values.shape[1])]
        if not len(values):
            mine = [key for key in sorted(memory) if key.rpartition("/")[0] == model]
            values = np.empty((0, len(mine)))
        for key in mine:
            if key not in memory:
                memory[key] = np.zeros(len(FIELDS))
                Stream(memory[key]).put("kind", kind)
                Stream(memory[key]).put("begun", now.time)
        found = [Stream(memory[key]) for key in mine]
        if not found or (len(values) and found[0].number("kind") != kind):
            return _Row(model, np.nan)
        return self._judge(model, found, values, now.time)

    def _judge(self, model: str, found: list[Stream], values: Doubles, time: float) -> _Row:
        """Bet on the values if there is an approved baseline; learn them if there is none."""
        first = found[0]
        for stream in found:
            stream.put("last", time)
            stream.put("arrived", stream.number("arrived") + len(values))
        complete = first.complete(self.baseline)
        if complete and not self._approves(model):
            return _Row(model, 1.0, Severity.INFO, _awaits(model, first))
        evidence = float(
            np.mean([s.take(values[:, at], self.baseline) for at, s in enumerate(found)])
        )
        if np.isnan(evidence):
            return _Row(model, np.nan)
        seconds = max(time - first.number("begun"), 1.0)
        weekly = first.number("arrived") / seconds * _WEEK_SECONDS / first.number("stride")
        line = max(weekly / self.false_alarms_per_model_week, 1.0)
        for stream in found:
            stream.limit(_ROOM * line * len(found))
        moved = [stream.moved() for stream in found]
        far = max((each for each in moved if not np.isnan(each)), default=np.nan)
        score = float(np.log1p(evidence) / np.log1p(line))
        facts = (far, evidence, line, first.number("count"))
        return _Row(model, score, Severity.HIGH, self._reason(model, first, facts), facts)

    def _approves(self, model: str) -> bool:
        return any(fnmatchcase(model, p.strip()) for p in self.approved.split(",") if p.strip())

    def _reason(self, model: str, stream: Stream, facts: tuple[float, float, float, float]) -> str:
        far, evidence, line, count = facts
        ring, law = stream.part("ring"), stream.part("law")
        apart = (
            f"the last 256 values have median {np.median(ring):.4g}, the baseline had "
            f"{np.median(law):.4g}; {far:.2g} standard deviations apart; "
            if not np.isnan(far)
            else ""
        )
        return (
            f"outputs of model {model} no longer follow their baseline of {count:.0f} values: "
            f"{apart}evidence {evidence:.3g}, which an unchanged model reaches once in "
            f"{evidence / line / self.false_alarms_per_model_week:.3g} weeks or less often "
            f"({self.false_alarms_per_model_week:g} false alarms a week are accepted)"
        )


def _awaits(model: str, stream: Stream) -> str:
    law = stream.part("law")
    seen = (
        f"from {law[0]:.4g} to {law[-1]:.4g}, median {np.median(law):.4g}"
        if stream.number("laws")
        else "words"
    )
    return (
        f"the baseline of model {model} is complete ({stream.number('count'):.0f} values, {seen}) "
        "and waits to be approved: name the model in approved of [detectors.output_drift]"
    )


def _verdict(rows: list[_Row]) -> Verdict:
    names = ("moved_deviations", "evidence", "line", "baseline_values")
    facts: dict[str, tuple[Fact, ...]] = {
        name: tuple(row.facts[at] for row in rows) for at, name in enumerate(names)
    }
    return Verdict(
        tuple(row.model for row in rows),
        np.array([row.score for row in rows], np.float64),
        facts,
        tuple(row.reason for row in rows),
        severities=tuple(row.severity for row in rows),
    )
