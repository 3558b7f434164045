"""Asks every detector the same questions; a new file is asked before it has a test."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.model import Severity
from tests.detectors.contract import by_subject, empty_state, permuted, remembered, view, views

DETECTORS = [pytest.param(plugin(), id=name) for name, plugin in catalogue.detectors().items()]
every_detector = pytest.mark.parametrize("detector", DETECTORS)


@every_detector
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_same_state_and_views_give_the_same_verdict(detector, rows):
    given = views(detector, rows, seed=3)
    first, second = (detector(remembered(detector), *given) for _ in range(2))

    assert by_subject(first[1]) == by_subject(second[1])
    assert first[0].keys == second[0].keys
    np.testing.assert_array_equal(first[0].values, second[0].values)


@every_detector
def test_order_of_subjects_changes_nothing(detector):
    given = views(detector, 9, seed=4)
    order = np.random.default_rng(0).permutation(9)
    _, straight = detector(remembered(detector), *given)
    _, shuffled = detector(remembered(detector), *(permuted(v, order) for v in given))

    assert by_subject(straight) == by_subject(shuffled)


@every_detector
def test_each_subject_of_the_first_table_is_judged_by_itself(detector):
    if detector.peers:
        return  # declared: this rule compares subjects with each other
    first, *others = views(detector, 9, seed=6)
    _, together = detector(empty_state(detector), first, *others)
    for i in range(9):
        _, alone = detector(empty_state(detector), permuted(first, np.array([i])), *others)

        assert by_subject(alone).items() <= by_subject(together).items()


@every_detector
def test_what_was_never_read_is_survived(detector):
    missing = [None] * len(detector.reads)
    _, verdict = detector(empty_state(detector), *missing)
    assert not (verdict.score >= 1).any()

    tables = catalogue.tables()
    unread = []
    for read, given in zip(detector.reads, views(detector, 3, seed=8), strict=True):
        table = tables[read.table]
        now = type(given.latest)(
            table,
            given.time,
            given.subjects,
            np.full((3, len(table.columns)), np.nan),
            {label.name: (None,) * 3 for label in table.labels},
        )
        unread.append(view(read, now, seed=8))
    state, verdict = detector(empty_state(detector), *unread)
    assert len(verdict.subjects) == len(set(verdict.subjects))
    detector(state, *unread)


@every_detector
def test_reasons_are_one_sentence_each_for_what_is_past_the_line(detector):
    for seed in range(5):
        _, verdict = detector(remembered(detector), *views(detector, 9, seed))
        for row in np.flatnonzero(verdict.score >= 1):
            reason = verdict.reasons[row]
            assert reason
            assert "\n" not in reason
            assert "nan" not in reason


@every_detector
def test_it_does_not_know_what_time_it_is(detector, monkeypatch):
    mine = threading.get_ident()  # threads of other tests may read one

    def forbid(name: str) -> None:
        clock = getattr(time, name)

        def forbidden(*_: object) -> float:
            if threading.get_ident() == mine:
                raise AssertionError("a detector read a clock")
            return clock()

        monkeypatch.setattr(time, name, forbidden)

    given, state = views(detector, 5, seed=9), remembered(detector)
    for name in ("time", "monotonic", "perf_counter", "time_ns"):
        forbid(name)
    _, verdict = detector(state, *given)

    assert verdict.score.dtype == np.float64


@every_detector
def test_its_memory_stays_within_what_it_asked_for(detector):
    state = empty_state(detector)
    for seed in range(20):
        state, _ = detector(state, *views(detector, 9, seed))

    shape = detector.memory
    assert len(state.keys) <= (shape.rows if shape else 0)
    assert state.values.shape == (len(state.keys), len(shape.fields) if shape else 0)


@every_detector
def test_it_introduces_itself(detector):
    rule = detector.rule

    assert rule.title
    assert rule.benign.endswith(".")
    assert isinstance(rule.severity, Severity)
    assert rule.quiet > 0
