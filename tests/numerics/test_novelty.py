"""Novelty against its slow twin, and what must hold of it whatever the numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.numerics import novelty
from tests import naive_drift

NUMBERS = st.floats(-1024, 1024, width=16) | st.just(np.nan) | st.sampled_from([0.0, 1.0, 1.0])
SERIES = arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 4)), elements=NUMBERS)


def scores(values):
    """(T, S) values, (T, S) scores."""
    memory = novelty.empty(values.shape[1])
    told = [novelty.novelty(memory, row) for row in values.astype(np.float32)]
    return np.array(told, np.float32).reshape(values.shape)


@pytest.mark.parametrize("kind", ["noise", "walk", "steps", "spikes", "constant", "rare"])
def test_it_agrees_with_the_slow_twin(kind):
    numbers = np.random.default_rng(3)
    noise = numbers.normal(size=(700, 2))
    values = {
        "noise": noise,
        "walk": noise.cumsum(axis=0),
        "steps": noise * 0.1 + (np.arange(700) // 150)[:, None],
        "spikes": noise + 20 * (numbers.random(noise.shape) < 0.01),
        "constant": np.full((700, 2), 7.0),
        "rare": np.floor(noise * 2) * 16,
    }[kind].astype(np.float32)

    slow = np.array([naive_drift.novelty(column.tolist()) for column in values.T]).T

    np.testing.assert_allclose(scores(values), slow, rtol=2e-3, atol=2e-3)


@given(SERIES)
def test_a_missing_value_is_not_scored_and_changes_nothing(values):
    found = scores(values)

    for column, told in zip(values.T, found.T, strict=True):
        known = ~np.isnan(column)
        assert np.isnan(told[~known]).all()
        np.testing.assert_array_equal(told[known], scores(column[known][:, None])[:, 0])


@given(SERIES, st.integers(-6, 6))
def test_units_do_not_matter(values, power):
    np.testing.assert_array_equal(scores(values * np.float32(2.0**power)), scores(values))


@given(SERIES)
def test_scores_are_finite_and_never_negative(values):
    found = scores(values)

    known = found[~np.isnan(values)]
    assert (known >= 0).all()
    assert np.isfinite(known).all()


def test_a_single_value_and_a_constant_are_no_news():
    assert not scores(np.full((300, 1), 5.0)).any()


def test_a_far_value_is_news_once():
    noise = np.random.default_rng(0).normal(size=(2000, 1))
    noise[1500:1510] = 30.0
    found = scores(noise)

    assert found[1500] > 10
    assert not found[1501:1510].any()


def test_a_value_between_two_modes_is_news():
    modes = np.where(np.arange(2000) % 7 < 3, 0.0, 100.0)[:, None]
    modes += np.random.default_rng(0).normal(size=modes.shape)
    modes[1800] = 50.0

    found = scores(modes)[1000:, 0]

    assert found.argmax() == 800
    assert found[800] > 2


def test_the_count_of_samples_never_leaves_what_float32_can_count():
    memory = novelty.empty(1)
    noise = np.random.default_rng(0).normal(size=(200, 1)).astype(np.float32)
    for row in noise:
        novelty.novelty(memory, row)
    memory[0] = novelty.MOST - 1
    novelty.novelty(memory, noise[0])

    assert novelty.samples(memory)[0] == novelty.MOST // 2
    assert novelty.novelty(memory, np.array([0.0], np.float32))[0] == 0


def test_memory_of_a_series_is_below_its_budget():
    assert novelty.WIDTH * 4 <= 4096
