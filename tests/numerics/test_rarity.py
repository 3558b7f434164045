"""Rarity against its slow twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.numerics.rarity import rarity
from tests import naive_drift

EXCESS = st.floats(0, 1e6, width=32)


@given(EXCESS, st.integers(0, 10**6), st.integers(0, 1000), EXCESS)
def test_it_agrees_with_the_slow_twin(excess, count, past, total):
    one = (np.array([x], np.float32) for x in (excess, count, past, total))

    slow = naive_drift.rarity(np.float32(excess), count, past, np.float32(total))
    np.testing.assert_allclose(rarity(*one)[0], slow, rtol=1e-4, atol=1e-4)


def test_the_rarer_and_the_larger_the_higher():
    def score(excess, past):
        return rarity(*(np.array([x], np.float32) for x in (excess, 10_000, past, past * 0.1)))[0]

    assert score(1, 1) > score(1, 100) > score(0.1, 100) > score(0.0, 100) == 0
