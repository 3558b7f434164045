"""Findings as numbers."""

from dataclasses import replace

import numpy as np

from aisec_daemon.model import Change, Finding, Rule, Severity, Snapshot, Status, Table, Tick
from aisec_daemon.model.exposition import FindingCounts

RULE = Rule("mining", "Mining", Severity.HIGH, "None.")
FINDING = Finding(
    "1", RULE, "k", Status.OPEN, Severity.HIGH, ("s",), 1.5, 2.0, 1.0, 2.0, float("nan"), "Because."
)
EMPTY = Snapshot(Table("t", "T.", (), (), ()), 1.0, (), np.empty((0, 0)), {})


def show(counts: FindingCounts, *findings: Finding, changes: tuple[Change, ...] = ()) -> list[str]:
    chunks = counts.take(Tick(1.0, EMPTY, lambda: np.empty((0, 0)), changes, findings))()
    return [line for c in chunks for line in c.body.decode()[1:].split("\n")]


def test_every_known_rule_is_there_before_its_first_finding() -> None:
    """0 at its own severity; there is no score of nothing."""
    assert show(FindingCounts([RULE], {})) == [
        'aisec_finding_open{rule="mining",severity="high"} 0.0',
        'aisec_finding_allowed{rule="mining"} 0.0',
        'aisec_findings_opened_total{rule="mining",severity="high"} 0.0',
        'aisec_findings_closed_total{rule="mining",severity="high"} 0.0',
        'aisec_rule_info{rule="mining",title="Mining",technique=""} 1.0',
    ]


def test_open_findings_are_counted_by_severity_and_allowed_ones_apart() -> None:
    """The score is the highest of all that are open."""
    found = show(
        FindingCounts([RULE], {"c": "1"}),
        FINDING,
        replace(FINDING, severity=Severity.CRITICAL, score=3.0),
        replace(FINDING, allowed="burn-in", score=4.0),
    )

    assert found[:4] == [
        'aisec_finding_open{c="1",rule="mining",severity="high"} 1.0',
        'aisec_finding_open{c="1",rule="mining",severity="critical"} 1.0',
        'aisec_finding_allowed{c="1",rule="mining"} 1.0',
        'aisec_finding_score{c="1",rule="mining"} 4.0',
    ]


def test_openings_and_closings_add_up() -> None:
    """Over ticks, each by what it was; other changes count nothing."""
    counts = FindingCounts([RULE], {})
    changes = tuple(Change(1.0, what, FINDING) for what in ("opened", "changed", "opened"))
    show(counts, changes=changes)

    assert show(counts, changes=(Change(2.0, "closed", FINDING),))[-3:-1] == [
        'aisec_findings_opened_total{rule="mining",severity="high"} 2.0',
        'aisec_findings_closed_total{rule="mining",severity="high"} 1.0',
    ]


def test_what_an_exception_covers_is_not_counted_as_told() -> None:
    """An alert on the counter must not tell what the site permits."""
    counts = FindingCounts([RULE], {})
    change = Change(1.0, "opened", replace(FINDING, allowed="burn-in"))

    assert show(counts, changes=(change,))[-3] == (
        'aisec_findings_opened_total{rule="mining",severity="high"} 0.0'
    )
