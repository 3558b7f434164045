"""Judging one row of table `posture`: pure, for the rule and for whoever lists an inventory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aisec_daemon.detectors.posture.check import Check, Outcome, Row
from aisec_daemon.detectors.posture.checks import CHECKS
from aisec_daemon.model import Snapshot

Judged = list[tuple[Check, Outcome]]


class Hardening(NamedTuple):
    """How a row did: `ratio` is the share, by weight, of checks that it passed.

    What is unknown counts as not passed. NaN where nothing was asked.
    """

    ratio: float
    passed: int
    failed: int
    unknown: int


def row_of(snapshot: Snapshot, at: int) -> Row:
    """Return one row of a snapshot as checks are asked of it."""
    numbers = snapshot.values[at].tolist()
    return {
        **{name: words[at] for name, words in snapshot.labels.items()},
        **dict(zip(snapshot.table.column_names, numbers, strict=True)),
    }


def judge(row: Row, checks: Sequence[Check] = CHECKS) -> Judged:
    """Ask each check that is meant for this kind of row; nothing is asked of an unknown kind."""
    return [(check, check.ask(row)) for check in checks if row.get("kind") in check.kinds]


def hardening(judged: Judged) -> Hardening:
    """Sum up answers."""
    weights = dict.fromkeys(Outcome, 0.0)
    counts = dict.fromkeys(Outcome, 0)
    for check, outcome in judged:
        weights[outcome] += check.weight
        counts[outcome] += 1
    total = sum(weights.values())
    ratio = weights[Outcome.PASS] / total if total else float("nan")
    return Hardening(ratio, counts[Outcome.PASS], counts[Outcome.FAIL], counts[Outcome.UNKNOWN])


def remedy(check: Check, row: Row) -> str:
    """Return the line that helps where this row runs."""
    if row.get("kind") in ("service", "process", "node"):
        return check.systemd
    return check.kubernetes if row.get("pod") else check.docker
