from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.numerics.fusion import Groups, strongest, summed
from tests import naive


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(0, 4), st.just(5)),
        elements=st.one_of(st.floats(0, 5), st.just(np.nan)),
    ),
    st.lists(st.integers(-1, 2), min_size=5, max_size=5),
)
def test_pieces_of_one_group_count_once(weights, groups):
    got = strongest(weights, Groups.of(groups, 3))
    slow = [naive.strongest(row, groups, 3) for row in weights.tolist()]

    np.testing.assert_array_equal(got, np.reshape(slow, (len(weights), 3)))


def test_a_family_adds_no_more_than_its_cap():
    parts = np.array([[1.0, 2.0, 4.0], [0.5, 0.0, 1.0]])

    got = summed(parts, Groups.of([0, 0, 1], 2), np.array([2.5, 3.0]))

    np.testing.assert_array_equal(got, [[2.5, 3.0], [0.5, 1.0]])
