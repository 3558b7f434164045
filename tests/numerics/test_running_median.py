"""The running median against sorting anew."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.numerics import running_median
from tests import naive_drift

VALUES = arrays(np.float32, (30, 3), elements=st.floats(-100, 100, width=16))


@given(VALUES, st.integers(2, 9))
def test_it_is_the_median_of_the_last_values(values, length):
    ordered = np.full((length, 3), np.inf, np.float32)
    ring = ordered.copy()
    found = []
    for count, row in enumerate(values):
        found.append(running_median.middle(ordered, np.full(3, min(count, length))))
        running_median.replace(ordered, ring[count % length].copy(), row)
        ring[count % length] = row

    slow = [naive_drift.running_median(column.tolist(), length) for column in values.T]
    np.testing.assert_array_equal(np.array(found).T, np.array(slow, np.float32))
