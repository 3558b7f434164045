"""Counters rise, wrap, restart and stop; only a rise that is known is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Kind, Read
from aisec_daemon.pipeline.history import History
from aisec_daemon.pipeline.rates import increase
from tests.pipeline.tables import TABLE, snapshot

GAP = 4.0


def energy(risen: np.ndarray) -> list[float]:
    return risen[:, 1].tolist()


def test_a_counter_that_rose_tells_by_how_much():
    risen = increase(snapshot(0, {"a": (1, 10)}), snapshot(1, {"a": (1, 13)}), GAP)

    assert energy(risen) == [3.0]
    assert np.isnan(risen[:, [0, 2]]).all()  # a gauge and a timestamp have no rise


def test_a_wrap_a_first_reading_and_a_gap_are_unknown_not_zero():
    first = snapshot(0, {"a": (1, 10)})

    assert np.isnan(energy(increase(first, snapshot(1, {"a": (1, 2)}), GAP)))
    assert np.isnan(energy(increase(None, first, GAP)))
    assert np.isnan(energy(increase(first, snapshot(GAP + 0.1, {"a": (1, 99)}), GAP)))
    assert energy(increase(first, snapshot(GAP, {"a": (1, 99)}), GAP)) == [89.0]


def test_a_counter_that_is_carried_between_readings_has_no_rise():
    """From row to row it stands still and then leaps: neither is a rate."""
    columns = tuple(replace(c, carried=c.kind is Kind.COUNTER) for c in TABLE.columns)
    first, second = snapshot(0, {"a": (1, 10)}), snapshot(1, {"a": (1, 10)})
    carried = replace(TABLE, columns=columns)
    before, now = (replace(s, table=carried) for s in (first, second))

    assert energy(increase(first, second, GAP)) == [0.0]
    assert np.isnan(energy(increase(before, now, GAP)))
    with pytest.raises(KeyError):
        History(carried, [Read("gpu", 3.0, ("energy_joules_per_second",))], period=1.0)


def test_an_unread_counter_has_no_rise_before_and_after():
    unread = snapshot(1, {"a": (1, np.nan)})

    assert np.isnan(energy(increase(snapshot(0, {"a": (1, 1)}), unread, GAP)))
    assert np.isnan(energy(increase(unread, snapshot(2, {"a": (1, 5)}), GAP)))


subjects = st.dictionaries(
    st.sampled_from("abcdef"), st.floats(0, 1e9), min_size=0, max_size=6
).map(lambda rows: {k: (0.0, v) for k, v in rows.items()})


@given(subjects, subjects)
def test_it_equals_a_loop_over_subjects(before, now):
    risen = increase(snapshot(0, before), snapshot(1, now), GAP)

    expected = [
        now[s][1] - before[s][1] if s in before and now[s][1] >= before[s][1] else np.nan
        for s in now
    ]
    np.testing.assert_array_equal(risen[:, 1], expected)
