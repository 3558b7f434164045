"""What the bench of drift counts, on runs whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench_drift import splits, verdict
from tests.bench_drift.runs import Run, openings, passed, thresholds


def run(application="1", period=1, series=4, seconds=600, kinds="a"):
    told = np.random.default_rng(period).exponential(size=(3, seconds, series)).astype(np.float32)
    owners = np.array(["node1", "node2"])[np.arange(series) % 2]
    return Run(application, told, owners, np.array([kinds] * series), period)


def test_an_opening_needs_five_quiet_minutes_before_it():
    past = np.zeros((1000, 2), bool)
    past[[0, 300, 601], 0] = past[700, 1] = True

    assert openings(past) == [0, 601, 700]


def test_thresholds_may_differ_from_series_to_series():
    told = np.full((3, 1, 2), 5.0, np.float32)

    assert passed(told, [6, 6, 6]).tolist() == [[False, False]]
    assert passed(told, np.array([[6, 6], [6, 4], [6, 6]])).tolist() == [[False, True]]


def test_moments_cases_and_what_is_late():
    one = run()
    one.told[:] = 0
    one.told[0, 100, [0, 2]] = 9  # both of the first node
    one.told[0, 130, 1] = 9  # another node, of the same moment
    one.told[0, 500, 3] = 9

    assert splits._seen(one, [5.0, 5.0, 5.0], reached=400) == (2, 3, 1)


def test_runs_of_one_time_are_of_the_same_spans():
    runs = [run(period=1), run(period=1, seconds=1000), run(period=2)]

    assert splits.spans(runs) == 3 + 2


def test_thresholds_apart_are_not_of_the_same_time():
    mine, beside, other = run(period=1), run("6", series=40), run("6", period=2, series=40)

    found = splits.apart([beside, other], mine, 30.0)
    assert found == thresholds(splits.pooled([other.told]), 30.0)
    assert found != thresholds(splits.pooled([beside.told]), 30.0)


def test_a_kind_with_blocks_enough_has_thresholds_of_its_own():
    many, few = run(series=200, kinds="many"), run(series=20, kinds="few")
    few.told[:] *= 10
    train = [many, few]
    every = thresholds(splits.pooled([one.told for one in train]), 30.0)

    assert splits.by_kind(train, few, 30.0)[:, 0].tolist() == every
    assert (splits.by_kind(train, many, 30.0)[:, 0] < every).all()


@pytest.mark.parametrize(
    ("within", "told"), [((0.6, 2.0), True), ((0.5, 2.1), False), ((0.0, 0.1), False)]
)
def test_an_interval_tells_a_factor_of_two_or_does_not(within, told):
    result = verdict.Result("1", "67", 100, 10.0, 1.0, 10, within)

    assert result.told is told
    assert result.holds
    assert ("cannot" in verdict.sentences([result])) is not told
    assert not result._replace(count=21).holds
