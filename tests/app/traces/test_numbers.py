"""Fields become numbers in base units, or are not read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.traces.columns import FLAG, QUERY, Quantity
from aisec_daemon.app.traces.numbers import Numbers, parse

WATTS, MEBIBYTES, RATIO = (
    QUERY[name][1] for name in ("power.draw", "memory.used", "utilization.gpu")
)


@pytest.mark.parametrize(
    ("field", "quantity", "number"),
    [
        (b" 71.25 W", WATTS, 71.25),
        (b"71.25", WATTS, 71.25),
        (b" 17 MiB\r", MEBIBYTES, 17 * 2**20),
        (b"100 %", RATIO, 1.0),
        (b" Active", FLAG, 1.0),
        (b"Not Active", FLAG, 0.0),
        (b"-40", QUERY["temperature.gpu"][1], -40.0),
    ],
)
def test_numbers_are_read_with_and_without_their_unit(field, quantity, number):
    assert parse(field, quantity) == number


@pytest.mark.parametrize(
    ("field", "quantity"),
    [
        *((field, WATTS) for field in (b"", b"-", b"[N/A]", b"[Not Supported]", b"N/A", b"nan")),
        *((field, WATTS) for field in (b"inf", b"1e99", b"-5 W", b"7 kW", b"7x", b"1_0", b"0x7")),
        (b"[Unknown Error]", FLAG),
        (b"101 %", RATIO),
        (b"9" * 60_000, MEBIBYTES),
    ],
)
def test_what_is_no_number_or_beyond_reason_is_not_read(field, quantity):
    assert math.isnan(parse(field, quantity))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_finite_number_or_not_read(field):
    assert not math.isinf(parse(field, Quantity()))


def test_no_more_fields_are_remembered_than_a_bound():
    numbers = Numbers(WATTS)
    numbers.of([str(n).encode() for n in range(200_000)])

    assert len(numbers) <= 1 << 16
