"""Sparklines."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aisec_daemon.app.web.landing.sparkline import sparkline


def draw(values: list[float], top: float = 1.0) -> list[list[tuple[float, float]]]:
    """Return each line's points."""
    times = np.arange(len(values), dtype=np.float64)
    svg = sparkline(
        times, np.array(values, np.float32), end=len(values) - 1.0, window=10, top=top, about="a"
    )
    lines = re.findall(r'<polyline class="line" points="([^"]*)"', svg)
    return [[tuple(map(float, p.split(","))) for p in line.split()] for line in lines]


def test_zero_is_at_the_bottom_and_the_most_at_the_top():
    [points] = draw([0.0, 1.0])

    assert points[0][1] > 30
    assert points[1][1] < 4


def test_what_was_not_read_is_a_gap():
    assert [len(line) for line in draw([0.1, 0.2, np.nan, 0.3, 0.3, 0.3])] == [2, 3]
    assert draw([np.nan, np.nan]) == []


def test_one_reading_is_seen():
    assert [len(line) for line in draw([0.5])] == [2]


def test_what_is_older_than_the_window_is_not_drawn():
    assert sum(len(line) for line in draw([0.5] * 30)) == 11


@given(arrays(np.float32, st.integers(0, 20)), st.floats(allow_nan=False))
def test_any_numbers_stay_within_the_picture(values, top):
    for line in draw(values.tolist(), top):
        for x, y in line:
            assert 0 <= x <= 201
            assert 0 <= y <= 36
