"""Logs that tell the time of day alone, or none, are given days and periods."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app.traces.timing import Counted, Midnights, Timing


def test_a_new_day_begins_where_the_time_of_day_falls_back():
    midnights = Midnights(1e6)
    first = midnights([b"23:59:58", b"nonsense", b"23:59:59", b"00:00:00"])
    second = midnights([b"00:00:01", b"12:00:00", b"23:00:00"])

    day = 86400.0
    np.testing.assert_array_equal(first - 1e6, [day - 2, np.nan, day - 1, day])
    assert (second - 1e6).tolist() == [day + 1, 1.5 * day, 2 * day - 3600]


def test_polls_without_times_are_a_period_apart():
    counted = Counted(10.0, 0.5)

    assert [*counted(2), *counted(0), *counted(1)] == [10.0, 10.5, 11.0]


def test_a_date_alone_is_no_time():
    assert Timing().of_monitor(["date", "gpu"]) == ((), None)
