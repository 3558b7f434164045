"""The past as detectors see it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Read
from aisec_daemon.pipeline.history import History
from tests.pipeline.tables import TABLE, snapshot

READ = Read("gpu", window=3.0, columns=("power_watts", "energy_joules_per_second"))


def fill(history: History, snapshots) -> None:
    for now in snapshots:
        history.add(now)


def test_a_view_holds_the_window_in_order_and_rates_of_counters():
    history = History(TABLE, [READ], period=1.0)
    fill(history, (snapshot(t, {"a": (t, 10 * t)}) for t in range(10)))
    view = history.view(READ, time=9)

    np.testing.assert_array_equal(view.times, [7, 8, 9])
    np.testing.assert_array_equal(view["power_watts"], [[7], [8], [9]])
    np.testing.assert_array_equal(view["energy_joules_per_second"], [[10], [10], [10]])
    assert view["power_watts"].dtype == np.float32


def test_subjects_that_come_late_were_not_read_before():
    history = History(TABLE, [READ], period=1.0)
    fill(history, [snapshot(0, {"a": (1, 1)}), snapshot(1, {"b": (2, 1), "a": (3, 1)})])
    view = history.view(READ, time=1)

    np.testing.assert_array_equal(view["power_watts"], [[np.nan, 1], [2, 3]])


def test_snapshots_faster_than_promised_deepen_the_ring_instead_of_losing_the_past():
    history = History(TABLE, [READ], period=1.0)
    fill(history, (snapshot(t / 10, {"a": (t, t)}) for t in range(100)))
    view = history.view(READ, time=9.9)

    assert len(view.times) == 30
    assert (np.diff(view.times) > 0).all()


def test_a_past_that_cannot_be_taken_over_begins_anew():
    """Also for who is asked for before the next snapshot comes."""
    longer = Read("gpu", window=9.0, columns=READ.columns)
    old, new = History(TABLE, [READ], period=1.0), History(TABLE, [longer], period=1.0)
    fill(old, (snapshot(t, {"a": (t, t), "b": (t, t)}) for t in range(3)))
    new.inherit(old)

    assert new.view(longer, time=2)["power_watts"].shape == (0, 2)

    fill(new, [snapshot(3, {"a": (3, 5), "b": (3, 6)})])

    np.testing.assert_array_equal(new.view(longer, time=3)["energy_joules_per_second"], [[3, 4]])


def test_a_past_that_was_as_long_is_taken_over_with_what_waits():
    old, new = (History(TABLE, [READ], period=1.0) for _ in range(2))
    fill(old, (snapshot(t, {"a": (t, t)}) for t in range(3)))
    new.inherit(old)
    fill(new, [snapshot(3, {"a": (3, 3)})])

    np.testing.assert_array_equal(new.view(READ, time=3)["power_watts"], [[1], [2], [3]])


def test_a_table_that_no_detector_wants_the_past_of_keeps_only_the_latest():
    history = History(TABLE, [Read("gpu")], period=1.0)
    fill(history, (snapshot(t, {"a": (t, t)}) for t in range(3)))

    assert history.view(Read("gpu"), time=2).latest["power_watts"] == [2]
    assert History(TABLE, [], period=1.0).view(Read("gpu"), time=0) is None


@pytest.mark.parametrize("column", ["start_timestamp_seconds", "power_watts_per_second", "none"])
def test_asking_for_a_past_that_makes_no_sense_is_refused(column):
    with pytest.raises(KeyError):
        History(TABLE, [Read("gpu", 3.0, (column,))], period=1.0)


def test_what_a_detector_is_given_cannot_be_written_to():
    history = History(TABLE, [READ], period=1.0)
    fill(history, [snapshot(0, {"a": (1, 1)})])

    with pytest.raises(ValueError, match="read-only"):
        history.view(READ, time=0)["power_watts"][0] = 5


steps = st.lists(
    st.tuples(
        st.sampled_from([0.1, 1.0, 5.0]),
        st.lists(st.sampled_from("abcd"), unique=True, max_size=4),
    ),
    min_size=1,
    max_size=60,
)


@given(steps, st.integers(1, 4))
def test_snapshots_that_wait_are_seen_as_if_each_had_been_looked_at(steps, room):
    late, eager = (History(TABLE, [READ], 1.0, subjects_max=room) for _ in range(2))
    time = 0.0
    for number, (elapsed, subjects) in enumerate(steps):
        time += elapsed
        now = snapshot(time, dict.fromkeys(subjects, (number, number**2 % 7)))
        late.add(now)
        eager.add(now)
        eager.view(READ, time)
    seen, expected = late.view(READ, time), eager.view(READ, time)

    np.testing.assert_array_equal(seen.times, expected.times)
    for name in READ.columns:
        np.testing.assert_array_equal(seen[name], expected[name])
