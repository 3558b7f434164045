"""Intervals: against values printed in tables (Garwood, 1936)."""

from __future__ import annotations

import math

import pytest

from tests.bench_detection.poisson import interval

KNOWN = {0: (0.0, 3.6889), 1: (0.0253, 5.5716), 5: (1.6235, 11.6683), 10: (4.7954, 18.3904)}


@pytest.mark.parametrize("events", KNOWN)
def test_exact_interval(events):
    assert interval(events, 1.0) == pytest.approx(KNOWN[events], abs=1e-4)


def test_a_rate_is_per_exposure():
    assert interval(5, 10.0) == pytest.approx((0.16235, 1.16683), abs=1e-5)


def test_no_exposure_tells_nothing():
    assert interval(0, 0.0) == (0.0, math.inf)
