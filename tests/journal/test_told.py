"""What receivers hear of a finding that exceptions come and go for."""

from __future__ import annotations

import math
from dataclasses import replace

from aisec_daemon.journal.told import to_tell
from aisec_daemon.model import Change, Finding, Rule, Severity, Status

RULE = Rule("hot", "Too hot", Severity.HIGH, "Summer.")
OPEN = Finding("id", RULE, "k", Status.OPEN, Severity.HIGH, ("a",), 1, 1, 0, 0, math.nan, "why")
ALLOWED = replace(OPEN, allowed="burn-in")


def heard(*changes: tuple[str, Finding]) -> list[str]:
    told, words = False, []
    for time, (what, finding) in enumerate(changes):
        change = to_tell(Change(float(time), what, finding), told)
        if change is not None:
            told = change.what != "closed"
            words.append(change.what)
    return words


def test_a_finding_is_told_from_opening_to_closing():
    assert heard(("opened", OPEN), ("changed", OPEN), ("closed", OPEN)) == [
        "opened",
        "changed",
        "closed",
    ]


def test_an_allowed_finding_is_never_told():
    assert heard(("opened", ALLOWED), ("changed", ALLOWED), ("closed", ALLOWED)) == []


def test_a_finding_that_becomes_allowed_is_withdrawn_once():
    assert heard(("opened", OPEN), ("changed", ALLOWED), ("changed", ALLOWED)) == [
        "opened",
        "closed",
    ]
    withdrawn = to_tell(Change(7.0, "changed", ALLOWED), told=True)
    assert (withdrawn.finding.status, withdrawn.finding.closed) == (Status.CLOSED, 7.0)


def test_a_finding_whose_exception_ends_is_told_as_new():
    assert heard(("opened", ALLOWED), ("changed", OPEN), ("closed", OPEN)) == ["opened", "closed"]
    assert heard(("opened", OPEN), ("changed", ALLOWED), ("opened", OPEN)) == [
        "opened",
        "closed",
        "opened",
    ]
