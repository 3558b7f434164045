"""The sum of deviations against its slow twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.numerics.cusum import Cusum, cusum
from tests import naive_drift

NUMBERS = st.floats(-64, 64, width=16) | st.just(np.nan)
VALUES = arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=NUMBERS)


def sums(values, gain=0.125, learn=True):
    series = values.shape[1]
    memory, told = Cusum.empty(series), []
    gains, learns = np.full(series, gain, np.float32), np.full(series, learn)
    for row in values.astype(np.float32):
        memory, now = cusum(memory, row, gains, learns)
        told.append(now)
    return np.array(told), memory


@given(VALUES)
def test_it_agrees_with_the_slow_twin(values):
    slow = [naive_drift.cusum(column.tolist(), 0.125) for column in values.T]

    np.testing.assert_allclose(sums(values)[0], np.array(slow).T, rtol=1e-2, atol=1e-2)


def test_a_shift_adds_up_and_noise_does_not():
    noise = np.random.default_rng(0).normal(size=(3000, 1))
    shifted = noise.copy()
    shifted[2000:2200] += 1.5

    assert sums(noise, 0.002)[0][1000:].max() < 15
    assert sums(shifted, 0.002)[0][2000:2200].max() > 50


def test_what_is_not_to_be_learned_leaves_mean_and_spread_alone():
    _, memory = sums(np.array([[1.0], [5.0], [9.0]]), learn=False)

    assert memory.mean[0] == 1
    assert memory.deviation[0] == 0
