"""Posture: an AI workload runs with more rights than the policy allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from aisec_daemon.detectors.posture.check import KINDS, Check, Outcome, Row
from aisec_daemon.detectors.posture.checks import policy
from aisec_daemon.detectors.posture.judging import hardening, judge, remedy, row_of
from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict, View
from aisec_daemon.model.rule import Fact

_FACTS = ("failed", "unknown", "remedy", "passed_checks", "failed_checks", "unknown_checks")
_RATIO = "hardening_ratio"
_HASH_LENGTH = 12


class _Row(NamedTuple):
    """One line of the verdict."""

    score: float
    severity: Severity
    key: str
    reason: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Posture:
    """Asks each workload the checks of a policy; what could not be read passes none.

    Under `baseline` failures add up by their weights: the host's network and shared memory, which
    guides to NCCL ask for, and all GPUs are told only beside something else. Under the others each
    failure is told.
    """

    rule: ClassVar[Rule] = Rule(
        "posture",
        title="AI workload with more rights than the policy allows",
        severity=Severity.WARNING,
        technique="T1611",
        benign="Agents of the node that need such rights (device plugins, DCGM): permit them by "
        "name.",
        hold=120.0,  # a program that drops its rights is read again after a minute
        quiet=120.0,
    )
    memory: ClassVar[StateShape | None] = None
    peers: ClassVar[bool] = False

    policy: Annotated[str, "baseline, restricted or own"] = "baseline"
    checks: Annotated[tuple[str, ...], "checks of the policy own, by name"] = ()

    def __post_init__(self) -> None:
        policy(self.policy, self.checks)

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every reading of the posture calls it."""
        return (Read("posture"),)

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge every workload, and the node."""
        (given,) = views
        if given is None:
            return state, Verdict((), np.empty(0))
        now = given.latest
        asked = policy(self.policy, self.checks)
        rows = [
            self._judge(subject, row_of(now, at), asked) for at, subject in enumerate(now.subjects)
        ]
        names = (*_FACTS, _RATIO)
        return state, Verdict(
            now.subjects,
            np.array([row.score for row in rows], dtype=np.float64),
            {name: tuple(row.facts[at] for row in rows) for at, name in enumerate(names)},
            tuple(row.reason for row in rows),
            tuple(row.key for row in rows),
            tuple(row.severity for row in rows),
        )

    def _judge(self, subject: str, row: Row, asked: Sequence[Check]) -> _Row:
        judged = judge(row, asked)
        failed = [check for check, outcome in judged if outcome is Outcome.FAIL]
        failed.sort(key=lambda check: (-check.severity, -check.weight))
        unknown = [check for check, outcome in judged if outcome is Outcome.UNKNOWN]
        sums = hardening(judge(row))
        facts: tuple[Fact, ...] = (
            " ".join(check.name for check in failed),
            " ".join(check.name for check in unknown),
            remedy(failed[0], row) if failed else "",
            *(float(sums.passed), float(sums.failed), float(sums.unknown), sums.ratio),
        )
        score = self._score(row, failed, unknown)
        reason = _reason(row, failed) if score >= 1 else ""
        return _Row(score, _severity(row, failed), _key(subject, row), reason, facts)

    def _score(self, row: Row, failed: Sequence[Check], unknown: Sequence[Check]) -> float:
        """Add up; NaN if what is unknown could make the difference."""
        score = sum(map(self._weight, failed))
        possible = score + sum(map(self._weight, unknown))
        if row.get("kind") not in KINDS or score < 1 <= possible:
            return float("nan")
        return score

    def _weight(self, check: Check) -> float:
        return check.weight if self.policy == "baseline" else max(check.weight, 1.0)


def _key(subject: str, row: Row) -> str:
    """Name the case by what was started, not by a container or a run: those are new each time."""
    started = row.get("command_hash")
    if not isinstance(started, str):
        return subject
    words = (row.get("kind"), row.get("executable"), row.get("user"), started[:_HASH_LENGTH])
    return " ".join(str(word) for word in words if word)


def _severity(row: Row, failed: Sequence[Check]) -> Severity:
    """Return the worst; high where a privileged container has all GPUs and the runtime's socket."""
    names = {check.name for check in failed}
    all_gpus = row.get("visible_gpus") == row.get("node_gpus")
    if {"privileged", "runtime_socket"} <= names and all_gpus:
        return Severity.HIGH
    return max((check.severity for check in failed), default=Severity.INFO)


def _reason(row: Row, failed: Sequence[Check]) -> str:
    """Say who it is and what is wrong, the worst first."""
    wrong = "; ".join(check.phrase(row) for check in failed)
    return f"{_who(row)} {wrong}"


def _who(row: Row) -> str:
    kind = row.get("kind")
    if kind == "node":
        return "the node"
    place = str(row.get("container") or "")[:12] or row.get("unit") or row.get("process")
    program = row.get("executable") or row.get("name") or "a program"
    user = row.get("user") or "unknown"
    return f"{kind} {place or 'unknown'} ({program}, user {user})"
