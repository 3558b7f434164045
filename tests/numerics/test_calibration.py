"""Thresholds: the stated share passes them, with many maxima and with few."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aisec_daemon.numerics import calibration


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.05, 0.2]))
def test_with_many_maxima_it_is_the_conformal_quantile(seed, share):
    maxima = np.random.default_rng(seed).exponential(size=2500)
    found = calibration.threshold(maxima, share)

    assert (maxima >= found).sum() == int(share * 2501)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.3])
def test_the_tail_agrees_with_a_fit_of_scipy(shape):
    drawn = stats.genpareto.rvs(shape, scale=2.0, size=4000, random_state=np.random.default_rng(1))
    mine = calibration.pareto_tail(drawn)
    theirs = stats.genpareto.fit(drawn, floc=0)

    assert mine[0] == pytest.approx(theirs[0], abs=0.06)
    assert mine[1] == pytest.approx(theirs[2], rel=0.08)


def test_a_share_rarer_than_the_maxima_is_read_off_the_tail():
    numbers = np.random.default_rng(4)
    ratios = []
    for _ in range(40):
        found = calibration.threshold(np.expm1(numbers.gumbel(size=2000)), 1e-4)
        ratios.append(stats.gumbel_r.sf(np.log1p(found)) / 1e-4)

    assert 0.4 < np.median(ratios) < 2.5


def test_too_few_maxima_give_no_threshold():
    assert calibration.threshold(np.ones(10), 1e-3) == math.inf
    assert calibration.threshold(np.full(50, np.nan), 1e-3) == math.inf


def test_maxima_that_never_differ_are_their_own_threshold():
    assert calibration.threshold(np.ones(1000), 1e-6) == pytest.approx(1.0)


def test_a_missing_maximum_counts_for_nothing():
    maxima = np.arange(1000.0)

    padded = np.append(maxima, [np.nan] * 500)
    assert calibration.threshold(padded, 0.1) == calibration.threshold(maxima, 0.1)


def test_the_largest_maxima_alone_are_enough():
    maxima = np.random.default_rng(0).exponential(size=20_000)
    largest = np.sort(maxima)[-200:]

    for share in (5e-3, 1e-3, 1e-6):
        alone = calibration.threshold(largest, share, count=20_000)
        assert alone == pytest.approx(calibration.threshold(maxima, share))


@pytest.mark.parametrize("blocks", [300, 1000])
def test_few_maxima_promise_on_average_what_many_do(blocks):
    """A tail fitted and taken for certain alarms several times too often, on average."""
    numbers, share = np.random.default_rng(7), 2e-4
    drawn = [np.expm1(numbers.exponential(size=blocks)) for _ in range(400)]

    def mean_ratio(certain):
        found = [calibration.threshold(maxima, share, certain=certain) for maxima in drawn]
        return np.mean(stats.expon.sf(np.log1p(found)) / share)

    assert 0.5 < mean_ratio(certain=False) < 1.5
    assert mean_ratio(certain=True) > 2 * mean_ratio(certain=False)


def test_many_excesses_keep_the_shape_that_was_fitted():
    assert calibration.expected_shape(0.3, 100_000) == pytest.approx(0.3, abs=1e-3)
    assert abs(calibration.expected_shape(-0.5, 20)) < 0.1
