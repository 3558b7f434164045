from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.numerics.correlation import repetition, together
from tests import naive

series = arrays(
    np.float32,
    st.tuples(st.integers(1, 24), st.integers(1, 5)),
    elements=st.one_of(st.integers(-50, 50).map(float), st.just(np.nan)),
)


@given(series)
def test_repetition_is_what_the_obvious_way_finds(x):
    slow = [naive.repetition(naive.column(x, at)) for at in range(x.shape[1])]

    np.testing.assert_allclose(repetition(x), slow, atol=2e-3)


def test_a_square_wave_repeats_itself_and_noise_does_not():
    seconds = np.arange(120)
    noise = np.random.default_rng(1).normal(size=120)
    slope = seconds / 120
    constant = np.ones(120)
    x = np.stack([seconds % 8 < 2, noise, slope, constant], axis=1).astype(np.float32)

    wave, random, line, flat = repetition(x)

    assert wave > 0.95
    assert random < 0.5
    assert line < 0.1
    assert flat == 0


@given(series, st.lists(st.integers(-1, 2), min_size=5, max_size=5))
def test_together_is_the_mean_correlation_of_all_pairs(x, groups):
    groups = np.array(groups[: x.shape[1]], dtype=np.intp)
    got = together(x, groups)
    columns = [naive.column(x, at) for at in range(x.shape[1])]
    for at, group in enumerate(groups):
        fellows = [
            c
            for c, g in zip(columns, groups, strict=True)
            if g == group and naive.deviation(c) > 0 and len(naive.known(c)) >= len(c) / 2
        ]
        usable = columns[at] in fellows and group >= 0 and len(fellows) > 1
        want = naive.together(fellows) if usable else np.nan

        np.testing.assert_allclose(got[at], want, atol=1e-3)


def test_gpus_that_move_together_are_told_from_those_that_do_not():
    random = np.random.default_rng(2)
    step = random.normal(size=(60, 1))
    joint = step + 0.2 * random.normal(size=(60, 4))
    apart = random.normal(size=(60, 4))
    groups = np.repeat([0, 1], 4)

    got = together(np.hstack([joint, apart]).astype(np.float32), groups)

    assert (got[:4] > 0.8).all()
    assert (np.abs(got[4:]) < 0.2).all()
