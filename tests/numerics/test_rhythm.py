"""Flatness and period against their slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.numerics.rhythm import autocorrelation, decorrelation, flatness, period
from tests import naive_drift

NUMBERS = st.floats(-64, 64, width=16)
WINDOWS = arrays(np.float32, st.tuples(st.integers(1, 24), st.just(2)), elements=NUMBERS)
HOLED = arrays(np.float32, (12, 2), elements=NUMBERS | st.just(np.nan))


@given(HOLED)
def test_flatness_agrees_with_the_slow_twin(window):
    slow = [naive_drift.flatness(column.tolist()) for column in window.T]

    np.testing.assert_allclose(flatness(window), slow, rtol=1e-4, atol=1e-6)


@given(WINDOWS)
def test_autocorrelation_agrees_with_the_slow_twin(window):
    lags = len(window) // 2 + 1
    slow = np.array([naive_drift.autocorrelation(column.tolist())[:lags] for column in window.T]).T

    np.testing.assert_allclose(autocorrelation(window), slow, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("beat", [7, 12, 40])
def test_a_beat_is_found_in_noise(beat):
    ticks = np.arange(300)[:, None]
    noise = np.random.default_rng(0).normal(size=(300, 1))
    found, strength = period((np.sin(2 * np.pi * ticks / beat) * 3 + noise).astype(np.float32))

    assert found[0] % beat == pytest.approx(0, abs=1) or found[0] % beat == beat - 1
    assert strength[0] > 0.7


def test_noise_and_constants_and_holes_have_no_strong_period():
    noise = np.random.default_rng(0).normal(size=(300, 1)).astype(np.float32)
    holed = noise.copy()
    holed[5] = np.nan

    assert period(noise)[1][0] < 0.5
    assert np.isnan(period(np.ones((300, 1), np.float32))[0]).all()
    assert np.isnan(period(holed)[0]).all()
    assert np.isnan(period(noise[:5])[0]).all()


def test_a_steady_load_is_flat():
    steady = np.full((60, 1), 300, np.float32) + np.random.default_rng(0).random((60, 1))

    assert flatness(steady.astype(np.float32))[0] < 0.01


def test_correlated_noise_is_thinned_until_it_is_none():
    noise = np.random.default_rng(0).normal(size=(20_000, 2))
    for at in range(1, len(noise)):
        noise[at, 1] += 0.9 * noise[at - 1, 1]
    lags = decorrelation(noise)

    assert lags[0] == 1
    assert 25 < lags[1] < 80
