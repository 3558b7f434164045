"""Over budget: the daemon itself costs more than it may, or reads less than it was set to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict, View

_OWN, _CHILD, _PART = (f"{name}cpu_seconds_per_second" for name in ("own_", "child_", ""))
_STEP, _DETECTOR = "pipeline/step", "detector/"
_LEAST_SECONDS = 60.0
_WHOLE = 0.9  # of the window must be known: what the start costs is no load
_SHARE_SECONDS = 60.0  # of past from which is told which part costs most
_TOLD_PARTS = 3
_BEHIND_SECONDS = 5.0
_MIB = 1024.0 * 1024.0


class _Row(NamedTuple):
    """One line of the verdict."""

    subject: str
    score: float
    reason: str
    severity: Severity = Severity.WARNING


@dataclass(frozen=True)
class OverBudget:
    """CPU and memory of the daemon and its children against `[budget]`, and what it sheds."""

    rule: ClassVar[Rule] = Rule(
        "over_budget",
        title="The monitor costs more than it may, or reads more rarely than set",
        severity=Severity.WARNING,
        technique="T1562.001",
        benign="A node with very many processes, or a job that starts them by the thousand.",
        hold=0.0,
        quiet=60.0,
    )
    memory: ClassVar[StateShape | None] = None
    peers: ClassVar[bool] = False

    window: Annotated[float, "seconds over which CPU is held against the budget"] = 300.0

    def __post_init__(self) -> None:
        if self.window < _LEAST_SECONDS:
            raise ValueError(f"window must be {_LEAST_SECONDS:.0f} seconds or more")

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every look at the costs calls it."""
        return (
            Read("cost", self.window, (_OWN, _CHILD)),
            Read("upkeep", _SHARE_SECONDS, (_PART,)),
        )

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge what the daemon costs."""
        cost, upkeep = views
        if cost is None:
            return state, Verdict((), np.empty(0))
        rows, cpu, memory, costliest, shed = [], [], [], [], []
        for at in range(len(cost.subjects)):
            ratio, used = _cpu_ratio(cost, at, self.window), _memory_bytes(cost, at)
            parts = _costliest(upkeep, cost, at)
            rows += [_cpu(cost, at, ratio, parts), _memory(cost, at, used), _pace(cost, at, parts)]
            cpu += 3 * [ratio]
            memory += 3 * [used]
            costliest += 3 * [parts]
            shed += 3 * [cost.label("shed")[at] or ""]
        return state, Verdict(
            tuple(row.subject for row in rows),
            np.array([row.score for row in rows]),
            {
                "cpu_ratio": tuple(cpu),
                "memory_bytes": tuple(memory),
                "costliest": tuple(costliest),
                "shed": tuple(shed),
            },
            tuple(row.reason for row in rows),
            severities=tuple(row.severity for row in rows),
        )


def _cpu(cost: View, at: int, ratio: float, parts: str) -> _Row:
    """Judge CPU over the whole window."""
    budget = float(cost.latest["cpu_budget_ratio"][at])
    reason = (
        f"the daemon uses {_percent(ratio)} of a core, its budget is {_percent(budget)}; "
        f"most of it: {parts or 'unknown'}"
    )
    return _Row(f"{cost.subjects[at]}/cpu", _over(ratio, budget), reason)


def _memory(cost: View, at: int, used: float) -> _Row:
    """Judge memory as it is now."""
    now = cost.latest
    budget, child = now["memory_budget_bytes"][at], now["child_memory_bytes"][at]
    reason = (
        f"the daemon holds {used / _MIB:.0f} MiB of memory, its budget is {budget / _MIB:.0f} MiB; "
        f"{child / _MIB:.0f} MiB of it are its children's"
    )
    return _Row(f"{cost.subjects[at]}/memory", _over(used, float(budget)), reason)


def _pace(cost: View, at: int, parts: str) -> _Row:
    """Judge what is read more rarely; that all of it does not help is worse."""
    now = cost.latest
    steps, most = float(now["shed_steps"][at]), float(now["most_shed_steps"][at])
    behind = float(now["behind_seconds"][at])
    shed, why = now.labels["shed"][at] or "unknown tables", now.labels["why"][at] or "it was late"
    reason = f"read more rarely: {shed}, since {why}; most CPU: {parts or 'unknown'}"
    lost = steps >= most and behind >= _BEHIND_SECONDS
    if lost:
        reason += f"; that does not help, the pipeline is {behind:.0f} s behind"
    score = 1.0 + _over(steps, most) if steps > 0 else steps
    return _Row(
        f"{cost.subjects[at]}/pace", score, reason, Severity.HIGH if lost else Severity.WARNING
    )


def _over(used: float, budget: float) -> float:
    return used / budget if budget > 0 else np.nan


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.1f} %"


def _memory_bytes(cost: View, at: int) -> float:
    return float(cost.latest["own_memory_bytes"][at] + cost.latest["child_memory_bytes"][at])


def _cpu_ratio(cost: View, at: int, window: float) -> float:
    """Return cores used over the window; NaN before most of it is known."""
    if cost.times.size == 0 or cost.time - cost.times[0] < _WHOLE * window:
        return np.nan
    return _mean(cost[_OWN][:, at]) + _mean(cost[_CHILD][:, at])


def _mean(past: np.ndarray) -> float:
    known = past[np.isfinite(past)]
    return float(known.mean()) if known.size else np.nan


def _costliest(upkeep: View | None, cost: View, at: int) -> str:
    """Name the parts that used most CPU in the last minute."""
    since = int(np.searchsorted(cost.times, cost.time - _SHARE_SECONDS))
    own, child = (_mean(cost[name][since:, at]) for name in (_OWN, _CHILD))
    shares = _shares(upkeep)
    shares["other threads of the daemon"] = own - sum(shares.values())
    shares["child processes"] = child
    order = sorted((-share, name) for name, share in shares.items() if share > 0)  # NaN is not
    return _listed(order[:_TOLD_PARTS])


def _listed(parts: Sequence[tuple[float, str]]) -> str:
    return ", ".join(f"{name} {_percent(-share)}" for share, name in parts)


def _shares(upkeep: View | None) -> dict[str, float]:
    """Return each part's cores; a step without the detectors that it calls."""
    if upkeep is None:
        return {}
    means = {name: _mean(upkeep[_PART][:, at]) for at, name in enumerate(upkeep.subjects)}
    known = {name: share for name, share in means.items() if np.isfinite(share)}
    if _STEP in known:
        called = sum(share for name, share in known.items() if name.startswith(_DETECTOR))
        known[_STEP] -= called
    return known
