"""Series as one line."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from aisec_daemon.cli.sparkline import sparkline


def test_it_rises_as_the_series_does():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 7], 8, plain=True) == "_#"


def test_a_gap_is_a_gap_and_what_was_never_read_is_nothing():
    assert sparkline([0, math.nan, 7], 8) == "▁ █"
    assert sparkline([math.nan] * 3, 8) == ""
    assert sparkline([], 8) == ""


def test_a_peak_is_never_lost():
    series = [0.0] * 1000
    series[517] = 9.0

    assert sparkline(series, 20).count("█") == 1


@given(st.lists(st.floats()), st.integers(1, 60))
@example([1.7e308, -1.7e308], 2)
def test_any_series_fits(series, width):
    drawn = sparkline(series, width)

    assert len(drawn) <= width
    assert drawn == "" or drawn.isprintable()
