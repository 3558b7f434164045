from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from aisec_daemon.numerics import window
from tests import naive

windows = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.one_of(st.floats(-1000, 1000, width=32), st.just(np.nan)),
)


@given(windows)
@pytest.mark.parametrize("name", ["mean", "median", "deviation", "extent", "least"])
def test_it_says_what_the_obvious_way_says(name, x):
    got = getattr(window, name)(x)
    slow = [getattr(naive, name)(naive.column(x, at)) for at in range(x.shape[1])]

    np.testing.assert_allclose(got, slow, rtol=1e-4, atol=1e-2)


def test_a_window_without_readings_gives_nan():
    """Neither a warning nor a zero: nothing is known."""
    empty = np.empty((0, 2), dtype=np.float32)

    for summary in (window.mean, window.median, window.deviation, window.extent):
        assert np.isnan(summary(empty)).all()
    assert window.count(empty).tolist() == [0.0, 0.0]


def test_a_share_is_of_what_was_read():
    x = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, np.nan]])

    np.testing.assert_array_equal(window.share(x, x > 0.5), [0.5, np.nan])


def test_nothing_is_divided_by_zero():
    np.testing.assert_array_equal(
        window.divide(np.array([1.0, 1.0]), np.array([2.0, 0.0])), [0.5, np.nan]
    )
