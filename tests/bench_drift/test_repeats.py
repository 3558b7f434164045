"""Intervals by runs agree with a bootstrap that throws dice."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench_drift import repeats


def test_every_way_to_draw_is_there_once_and_all_are_certain():
    found = dict(repeats.draws(3))

    assert len(found) == 10
    assert found[0, 0, 0] == pytest.approx(1 / 27)
    assert found[0, 1, 2] == pytest.approx(6 / 27)
    assert sum(found.values()) == pytest.approx(1)


def test_the_interval_agrees_with_runs_drawn_at_random():
    counts, weeks = np.array([6, 31, 43, 0]), np.array([3.1, 4.7, 4.6, 3.2])
    low, high = repeats.interval([(counts.tolist(), 1.0)], weeks.tolist())

    drawn = np.random.default_rng(1).integers(0, 4, (20_000, 4))
    rates = counts[drawn].sum(axis=1) / weeks[drawn].sum(axis=1)
    theirs = np.quantile(rates, [0.025, 0.975], method="inverted_cdf")
    assert [low, high] == pytest.approx(theirs)


def test_calibrations_count_by_their_probability():
    calibrations = [([0, 0], 0.99), ([10, 10], 0.01)]

    assert repeats.interval(calibrations, [1.0, 1.0]) == (0.0, 0.0)
    assert repeats.interval([*calibrations[1:], ([0, 0], 0.1)], [1.0, 1.0]) == (0.0, 10.0)
