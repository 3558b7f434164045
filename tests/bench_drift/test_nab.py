"""The scorer on cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench_drift import nab

FILE = nab.File("made", np.zeros(1000), ((400, 499), (700, 799)))


def scored(*told):
    scores = np.zeros(1000)
    for at, score in told:
        scores[at] = score
    return nab.points([FILE], [scores])


def test_silence_is_nothing_and_the_first_points_of_both_windows_are_perfect():
    assert nab.best(scored(), nab.STANDARD) == (0.0, np.inf)
    assert nab.best(scored((400, 1), (700, 1)), nab.STANDARD)[0] == pytest.approx(100)


def test_only_the_first_point_of_a_window_counts_and_a_late_one_counts_less():
    early = nab.at_threshold(scored((400, 1)), nab.STANDARD, 1)
    again = nab.at_threshold(scored((400, 1), (450, 1)), nab.STANDARD, 1)
    late = nab.at_threshold(scored((480, 1)), nab.STANDARD, 1)

    assert early == again == pytest.approx(50)
    assert 25 < late < 50


def test_a_false_point_costs_what_the_profile_says_and_none_before_probation():
    both = (400, 1), (700, 1)
    for profile in nab.PROFILES:
        whole = 2 * (1 + profile.missed)
        found = nab.at_threshold(scored(*both, (300, 1)), profile, 1)

        assert found == pytest.approx(100 * (1 - profile.false / whole))
    assert nab.at_threshold(scored(*both, (100, 1)), nab.STANDARD, 1) == pytest.approx(100)


def test_a_point_just_behind_a_window_costs_less():
    behind = nab.at_threshold(scored((400, 1), (502, 1)), nab.STANDARD, 1)
    far = nab.at_threshold(scored((400, 1), (690, 1)), nab.STANDARD, 1)

    assert far < behind < 50


def test_windows_caught_within_a_number_of_false_points():
    given = scored((300, 9), (410, 8), (600, 7), (710, 6))

    assert [nab.caught(given, budget) for budget in (0, 1, 2)] == [0, 1, 2]
