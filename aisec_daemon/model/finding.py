"""Findings: a suspicion with a beginning and an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from aisec_daemon.model.evidence import Evidence
from aisec_daemon.model.rule import Fact, Rule, Severity


class Status(str, Enum):
    """Where a finding is in its life."""

    PENDING = "pending"  # past the line, not yet for as long as its rule holds
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Finding:
    """One case of one rule, as it stands.

    `id` is stable through its life and across restarts. `key` is what the rule knows the case by;
    `subjects` may join and leave. Times are seconds since 1970. `score` is the latest, `peak` the
    highest. `allowed` is the reason of the operator's exception that covers it, or empty.
    """

    id: str
    rule: Rule
    key: str
    status: Status
    severity: Severity
    subjects: tuple[str, ...]
    score: float
    peak: float
    since: float  # first past the line
    opened: float  # NaN until told
    closed: float  # NaN until closed
    reason: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    allowed: str = ""


@dataclass(frozen=True)
class Change:
    """Something about a finding that people may want to be told, and what it was judged from."""

    time: float
    what: str  # opened, changed, closed
    finding: Finding
    evidence: tuple[Evidence, ...] = ()
