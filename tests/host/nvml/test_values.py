import ctypes
import math
import statistics

import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.nvml import values


@pytest.mark.parametrize(
    ("member", "kind", "given_"),
    [("dVal", 0, 1.5), ("uiVal", 1, 7), ("ullVal", 3, 2**40), ("sllVal", 4, -2), ("usVal", 6, 9)],
)
def test_the_type_chooses_the_member(member, kind, given_):
    value = pynvml.c_nvmlValue_t()
    setattr(value, member, given_)

    assert values.number(value, kind) == given_


def test_an_unheard_type_is_not_read():
    assert math.isnan(values.number(pynvml.c_nvmlValue_t(), 7))


def test_all_ones_is_an_unknown_size():
    assert math.isnan(values.size(ctypes.c_ulonglong(-1).value))
    assert values.size(0) == 0.0


@pytest.mark.parametrize(("percent", "ratio"), [(0, 0.0), (50, 0.5), (100, 1.0)])
def test_percentages_become_ratios(percent, ratio):
    assert values.ratio(percent) == ratio


@pytest.mark.parametrize("percent", [-1, 101, 4294967295, math.nan, math.inf])
def test_what_is_no_percentage_is_not_read(percent):
    assert math.isnan(values.ratio(percent))


def test_tolerance_ends_at_the_border():
    assert values.ratio(100.4, tolerance=1.0) == 1.0
    assert values.ratio(-0.4, tolerance=1.0) == 0.0
    assert math.isnan(values.ratio(101.5, tolerance=1.0))


@given(st.lists(st.floats(0, 1000), min_size=2))
def test_mean_and_deviation_agree_with_the_library(numbers):
    assert values.mean(numbers) == pytest.approx(statistics.fmean(numbers))
    assert values.deviation(numbers) == pytest.approx(statistics.pstdev(numbers), abs=1e-6)


def test_nothing_has_no_mean_and_one_point_no_spread():
    assert math.isnan(values.mean([]))
    assert math.isnan(values.deviation([1.0]))


@given(st.lists(st.floats() | st.integers(-2, 2**32)))
def test_many_percentages_are_those_that_each_alone_would_be(percents):
    alone = [values.ratio(percent) for percent in percents]

    assert values.ratios(percents) == [x for x in alone if not math.isnan(x)]


@given(st.lists(st.integers(0, 2**32 - 1)), st.integers(-1, 8))
def test_many_values_are_what_each_alone_would_be(contents, kind):
    many = [pynvml.c_nvmlValue_t(uiVal=content) for content in contents]
    alone = [values.number(value, kind) for value in many]

    assert str(values.numbers(iter(many), kind)) == str(alone)
