"""The net of values that were seen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.numerics import seen


def filled(values, places=8, grain=0.01):
    net = np.full((places, 1), np.inf, np.float32)
    held, coarse = np.zeros(1, np.float32), np.full(1, grain, np.float32)
    span = np.ones(1, np.float32)
    for value in values:
        one = np.array([value], np.float32)
        seen.remember(net, held, coarse, span, one, seen.distance(net, one) > coarse * span)
    return net, held, coarse


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60))
def test_every_value_was_near_one_that_is_kept(values):
    net, held, coarse = filled(values)

    kept = net[np.isfinite(net)]
    assert len(kept) == held[0] <= 8
    near = min(abs(kept - np.float32(values[-1])))
    assert near <= coarse[0] + 1e-6


def test_a_full_net_becomes_coarser_and_keeps_its_ends():
    net, held, coarse = filled(np.linspace(0, 1, 200))

    assert coarse[0] > 0.05
    assert held[0] <= 8
    assert net.min() == 0


def test_nothing_seen_is_infinitely_far():
    far = seen.distance(np.full((4, 2), np.inf, np.float32), np.zeros(2, np.float32))

    assert np.isinf(far).all()
