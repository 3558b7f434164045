"""The test that may be asked after every value: quiet while nothing changes, quick when it does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aisec_daemon.numerics import sequential
from tests import naive_drift

BINS = 20


def evidence(given_bets, bins):
    """(T, S) bins, (T, S) evidence."""
    memory, told = sequential.begin(given_bets, bins.shape[1]), []
    for row in bins:
        memory, now = sequential.wager(given_bets, memory, row)
        told.append(now)
    return np.array(told)


def even(count=50_000, bins=BINS):
    return sequential.bets(np.full(bins, 1 / bins), count)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_fortunes_agree_with_the_slow_twin(drawn):
    bets = even(bins=5)
    memory = sequential.begin(bets, 1)
    for one in drawn:
        memory, _ = sequential.wager(bets, memory, np.array([one]))
    for bettor, gains in enumerate(bets.fixed):
        slow = naive_drift.shiryaev_roberts([gains[one] for one in drawn])[-1]

        assert memory.sums[0, bettor] == pytest.approx(slow)


@pytest.mark.parametrize("ordered", [True, False])
def test_no_bet_gains_on_average_even_if_the_baseline_is_a_little_wrong(ordered):
    numbers = np.random.default_rng(0)
    count = 5000
    drawn = numbers.multinomial(count, np.full(BINS, 1 / BINS))
    bets = sequential.bets(drawn / count, count, ordered=ordered)

    assert (bets.fixed.mean(axis=1) <= 1).all()


def test_learners_do_not_gain_on_average_either():
    bets, numbers = even(2000), np.random.default_rng(0)
    memory = sequential.begin(bets, 1)
    for one in numbers.integers(0, BINS, 300):
        memory, _ = sequential.wager(bets, memory, np.array([one]))
    each = np.concatenate(
        [sequential._learners(bets, memory.learned, np.array([b])) for b in range(BINS)]
    )

    assert (each.mean(axis=0) < 1).all()


def test_a_shift_is_noticed_and_its_absence_is_not():
    noise = np.random.default_rng(0).normal(size=(1500, 30))
    edges = stats.norm.ppf(np.arange(1, BINS) / BINS)
    calm = evidence(even(), np.searchsorted(edges, noise))
    moved = evidence(even(), np.searchsorted(edges, noise + 0.5))

    assert (calm.max(axis=0) < 604_800).all()
    assert np.median((moved > 604_800).argmax(axis=0)) < 200


def test_a_category_that_grows_is_noticed():
    shares = np.array([0.9, 0.05, 0.05])
    bets = sequential.bets(shares, 50_000, ordered=False)
    numbers = np.random.default_rng(0)
    calm = numbers.choice(3, p=shares, size=(2000, 5))
    moved = numbers.choice(3, p=[0.8, 0.15, 0.05], size=(2000, 5))

    assert (evidence(bets, calm) < 604_800).all()
    assert (evidence(bets, moved)[-1] > 604_800).all()


def test_a_missing_value_changes_nothing():
    bets, drawn = even(), np.random.default_rng(0).integers(0, BINS, (50, 1))
    holed = np.insert(drawn, 20, -1, axis=0)

    np.testing.assert_array_equal(evidence(bets, holed)[-1], evidence(bets, drawn)[-1])


def test_its_quantiles_are_those_of_the_books():
    for above in (1e-5, 1e-3, 0.2, 0.5, 0.9):
        assert sequential._normal(above) == pytest.approx(stats.norm.isf(above), abs=1e-3)
    for freedom in (1, 9, 49):
        assert sequential._chi_square(freedom) == pytest.approx(
            stats.chi2.isf(1e-3, freedom), rel=0.04
        )
