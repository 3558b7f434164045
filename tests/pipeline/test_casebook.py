"""A finding's life, told as scenarios."""

from __future__ import annotations

import numpy as np

from aisec_daemon.model import Allow, Rule, Severity, Verdict
from aisec_daemon.pipeline.casebook import Casebook
from tests.pipeline.tables import snapshot

RULE = Rule("hot", "Too hot", Severity.WARNING, "Summer.", hold=10, quiet=20)


class Story:
    """Says what scored what and when, and remembers what people were told."""

    def __init__(self, *allows: Allow) -> None:
        self.book = Casebook(allows)
        self.told: list[tuple[float, str, tuple[str, ...]]] = []

    def at(self, time: float, keys: dict[str, str] | None = None, **scores: float) -> Story:
        subjects = tuple(scores)
        verdict = Verdict(
            subjects,
            np.array(list(scores.values()), dtype=float),
            {"degrees": tuple(scores.values())},
            tuple(f"{s} is hot" for s in subjects),
            tuple(keys[s] for s in subjects) if keys else (),
        )
        seen = snapshot(time, dict.fromkeys(subjects, (0.0, 0.0)))
        changes = self.book.fold(RULE, verdict, seen, time) + self.book.review(time)
        self.told += [(c.time, c.what, c.finding.subjects) for c in changes]
        return self


def test_it_is_told_after_hold_and_closed_after_quiet():
    story = Story().at(0, a=1.5).at(5, a=1.0).at(10, a=2.0).at(12, a=0.5).at(31, a=0.2).at(32, a=0)

    assert story.told == [(10, "opened", ("a",)), (32, "closed", ("a",))]


def test_an_open_case_keeps_the_worst_severity_it_had_and_a_pending_one_does_not():
    """After a restart evidence lacks its past for a while: that is no better news to tell."""
    book, told = Casebook(), []
    story = [(0, 3), (9, 1), (10, 1), (20, 3), (30, 1), (40, 2)]
    for time, severity in story:
        verdict = Verdict(("a",), np.array([2.0]), severities=(Severity(severity),))
        told += book.fold(RULE, verdict, snapshot(time, {"a": (0.0, 0.0)}), time)

    assert [(c.time, c.what, c.finding.severity) for c in told] == [
        (10, "opened", Severity.WARNING),
        (20, "changed", Severity.CRITICAL),
    ]
    assert book.open[0].severity is Severity.CRITICAL


def test_a_spike_shorter_than_hold_is_never_told():
    assert Story().at(0, a=9).at(5, a=0.99).at(9, a=9).at(18, a=9).told == []


def test_calm_that_is_interrupted_starts_anew():
    story = Story().at(0, a=1).at(10, a=1).at(15, a=0).at(30, a=1).at(40, a=0).at(59, a=0)

    assert [what for _, what, _ in story.told] == ["opened"]


def test_going_blind_closes_nothing():
    story = Story().at(0, a=1).at(10, a=1).at(20, a=np.nan).at(1000, a=np.nan)

    assert [what for _, what, _ in story.told] == ["opened"]
    assert story.book.open


def test_a_subject_that_is_gone_is_calm():
    story = Story().at(0, a=1).at(10, a=1).at(20, b=0).at(40, b=0)

    assert [what for _, what, _ in story.told] == ["opened", "closed"]


def test_one_key_is_one_case_and_its_subjects_join_and_leave():
    miner = {"gpu0": "miner", "gpu1": "miner"}
    story = Story()
    story.at(0, miner, gpu0=1, gpu1=0).at(10, miner, gpu0=1, gpu1=0)
    story.at(11, miner, gpu0=1, gpu1=3).at(12, miner, gpu0=0, gpu1=3)

    assert story.told == [
        (10, "opened", ("gpu0",)),
        (11, "changed", ("gpu0", "gpu1")),
        (12, "changed", ("gpu1",)),
    ]
    (finding,) = story.book.open
    assert (finding.key, finding.score, finding.peak) == ("miner", 3, 3)
    assert finding.reason == "gpu1 is hot"
    assert finding.labels == {"user": "alice"}


def test_the_same_input_gives_the_same_ids():
    first, second = (Story().at(0, a=1).at(10, a=1).book.open[0].id for _ in range(2))

    assert first == second
    assert first != Story().at(1, a=1).at(11, a=1).book.open[0].id


def permit(**more: object) -> Allow:
    return Allow("hot", "burn-in", "ops", expires=100.0, **more)


def test_a_permitted_finding_is_marked_and_told_again_when_the_permit_expires():
    story = Story(permit(user="ali*")).at(0, a=1).at(10, a=1).at(99, a=1)

    assert story.told == [(10, "opened", ("a",))]
    assert story.book.open[0].allowed == "burn-in"
    story.at(100, a=1)
    assert story.told[-1][1] == "changed"
    assert story.book.open[0].allowed == ""


def test_a_permit_for_others_permits_nothing():
    others = (permit(user="bob"), permit(subject="b"), Allow("cold", "x", "y", 100.0, user="*"))
    story = Story(*others).at(0, a=1).at(10, a=1)

    assert story.book.open[0].allowed == ""
