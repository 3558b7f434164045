"""Distances between laws against scipy and the slow twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from aisec_daemon.numerics.wasserstein import quantiles, wasserstein
from tests import naive_drift

NUMBERS = st.floats(-64, 64, width=16) | st.just(np.nan)
SAMPLES = arrays(np.float32, st.tuples(st.integers(1, 20), st.just(3)), elements=NUMBERS)
KNOWN = arrays(np.float32, (7, 3), elements=st.floats(-64, 64, width=16))


@given(SAMPLES, KNOWN)
def test_it_agrees_with_the_slow_twin(sample, reference):
    reference = np.sort(reference, axis=0)
    slow = [naive_drift.wasserstein(*c) for c in zip(sample.T, reference.T, strict=True)]

    np.testing.assert_allclose(wasserstein(sample, reference), slow, rtol=1e-4, atol=1e-4)


@given(SAMPLES.filter(lambda s: not np.isnan(s).any()), KNOWN)
def test_it_agrees_with_scipy(sample, reference):
    reference = np.sort(reference, axis=0)
    theirs = [stats.wasserstein_distance(*c) for c in zip(sample.T, reference.T, strict=True)]

    np.testing.assert_allclose(wasserstein(sample, reference), theirs, rtol=1e-4, atol=1e-4)


@given(SAMPLES, st.integers(1, 12))
def test_quantiles_agree_with_the_slow_twin(sample, count):
    slow = np.array([naive_drift.quantiles(c.tolist(), count) for c in sample.T]).T

    np.testing.assert_allclose(quantiles(sample, count), slow, rtol=1e-4, atol=1e-4)


def test_a_shift_is_its_own_distance_and_a_law_is_at_none_from_itself():
    noise = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    reference = quantiles(noise, 500)

    assert wasserstein(noise, reference).max() < 1e-6
    np.testing.assert_allclose(wasserstein(noise + 3, reference), 3, rtol=1e-4)


def test_nothing_known_has_no_distance():
    nothing = np.full((4, 1), np.nan, np.float32)

    assert np.isnan(wasserstein(nothing, np.zeros((3, 1), np.float32))).all()
    assert np.isnan(quantiles(nothing, 3)).all()
