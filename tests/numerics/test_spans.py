"""The usual range against its slow twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.numerics import spans
from tests import naive_drift


@given(st.lists(st.integers(-50, 50), max_size=300))
def test_it_is_the_range_of_every_so_manyth_value(values):
    low = np.full((spans.LEVELS, 1), np.inf, np.float32)
    high = -low
    for count, value in enumerate(values, 1):
        spans.widen(low, high, np.array([value], np.float32), np.array([count]))

    with np.errstate(invalid="ignore"):
        found = spans.span(low, high, np.array([len(values)]))

    assert found[0] == naive_drift.span(values)


def test_one_outlier_is_mostly_forgotten():
    low = np.full((spans.LEVELS, 1), np.inf, np.float32)
    high = -low
    numbers = np.random.default_rng(0).random(10_001).astype(np.float32)
    numbers[5000] = 1000
    for count, value in enumerate(numbers, 1):
        spans.widen(low, high, np.array([value]), np.array([count]))

    assert spans.span(low, high, np.array([10_001]))[0] < 1
