"""Times rise, whatever the clock did."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.traces.faults import Faults
from aisec_daemon.app.traces.steady import Steady, usual


def mended(times: list[float], period: float | None = None) -> tuple[list[float], int]:
    faults = Faults()
    return Steady(faults, period).mend(np.array(times, dtype=float)).tolist(), faults.jumps


def test_times_that_rise_are_left_alone():
    assert mended([1, 2, 3.5, 100]) == ([1, 2, 3.5, 100], 0)


def test_a_clock_set_back_moves_all_that_follows():
    assert mended([100, 101, 102, 50, 51, 53]) == ([100, 101, 102, 103, 104, 106], 1)


def test_a_stamp_that_repeats_is_made_up_for_at_the_next_gap():
    assert mended([1, 2, 2, 3, 5, 6, 6.5]) == ([1, 2, 3, 4, 5, 6, 6.5], 1)


def test_a_gap_stays_a_gap_after_the_clock_was_set_back():
    assert mended([100, 101, 102, 50, 51, 81])[0][-1] == 134


@given(st.lists(st.floats(-1e9, 4e9), max_size=30), st.none() | st.floats(1e-9, 1e5))
def test_times_always_rise_in_one_piece_or_in_two(times, period):
    faults = Faults()
    steady = Steady(faults, period)
    half = len(times) // 2
    found = [steady.mend(np.array(part, dtype=float)) for part in (times[:half], times[half:])]

    assert (np.diff(np.concatenate(found)) > 0).all()
    assert faults.jumps <= len(times)


def test_the_usual_step_is_the_median_of_those_forward():
    assert usual(np.array([0.0, 1.0, 2.0, 2.0, 1.0, 2.0, 60.0])) == 1.0
    assert usual(np.array([5.0])) == 1.0
