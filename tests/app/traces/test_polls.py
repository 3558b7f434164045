"""Rows are put together as they were read, whatever a driver's stalls did to their times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.traces.polls import Shape, by_rank, by_time, gpus_per_poll


def times_of(polls: int, gpus: int, period: float, *, stalls: float = 0.0, seed: int = 0):
    """Times of rows as nvidia-smi takes them: within a poll 0 to 8 ms, stalls of up to 5 s."""
    noise = np.random.default_rng(seed)
    steps = noise.uniform(0.0, 0.008, (polls, gpus))
    steps[:, 0] += period
    steps += (noise.random((polls, gpus)) < stalls) * noise.uniform(0.02, 5.0, (polls, gpus))
    return np.round(np.cumsum(steps), 3)


@pytest.mark.parametrize("gpus", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("period", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("stalls", [0.0, 0.01])
def test_every_poll_is_found(gpus, period, stalls):
    for seed in range(5):
        times = times_of(300, gpus, period, stalls=stalls, seed=seed)
        shape = gpus_per_poll(times)
        cut = by_time(times, shape, final=True)

        assert shape.gpus == gpus
        assert cut.polls.tolist() == [[at, at + gpus] for at in range(0, 300 * gpus, gpus)]
        assert not len(cut.lost)


@pytest.mark.parametrize("stamps", [[0.0] * 8, [0.0, 0.001, 0.002]])
def test_rows_taken_at_once_are_one_poll(stamps):
    assert gpus_per_poll(np.array(stamps)).gpus == len(stamps)


@pytest.mark.parametrize("rows", [0, 1])
def test_next_to_no_rows_are_one_gpu(rows):
    assert gpus_per_poll(np.zeros(rows)).gpus == 1


def test_two_polls_are_enough():
    assert gpus_per_poll(times_of(2, 8, 1.0)).gpus == 8


def test_a_lost_row_costs_its_poll_and_no_other():
    times = np.delete(times_of(100, 4, 1.0), 201)
    cut = by_time(times, gpus_per_poll(times), final=True)

    assert len(cut.polls) == 99
    assert cut.lost.tolist() == [[200, 203]]


@given(st.data())
def test_what_is_cut_piece_by_piece_is_cut_as_the_whole_is(data):
    gpus = data.draw(st.integers(1, 8))
    times = times_of(40, gpus, 0.5, stalls=0.05, seed=data.draw(st.integers(0, 99)))
    gone = data.draw(st.sets(st.integers(0, len(times) - 1), max_size=3))
    times = np.delete(times, sorted(gone))
    shape = Shape(gpus, 0.05)
    whole = by_time(times, shape, final=True)
    pieces, begin = [], 0
    for end in [*sorted(data.draw(st.sets(st.integers(1, len(times)), max_size=5))), len(times)]:
        final = end == len(times)
        cut = by_time(times[begin:end], shape, final=final)
        pieces += (cut.polls + begin).tolist()
        begin += cut.rest
        if final:
            break

    assert pieces == whole.polls.tolist()


@given(
    st.lists(st.floats(allow_infinity=False) | st.floats(0, 10), max_size=60),
    st.integers(1, 9),
    st.booleans(),
)
def test_whatever_the_times_no_row_is_in_two_polls_and_none_is_forgotten(times, gpus, final):
    cut = by_time(np.array(times), Shape(gpus, 0.05), final=final)
    taken = [row for start, stop in [*cut.polls, *cut.lost] for row in range(start, stop)]

    assert sorted(taken) == list(range(cut.rest))
    assert cut.rest == len(times) or not final


def test_rows_that_name_their_gpu_begin_a_poll_where_the_order_does():
    ranks = np.array([0, 1, 2, 0, 2, 1, 1])

    assert by_rank(ranks, final=True).polls.tolist() == [[0, 3], [3, 5], [5, 6], [6, 7]]
    assert by_rank(ranks, final=False).rest == 6
