"""Times are read as the standard library reads them."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.traces import stamps

moments = st.floats(946_684_800, 4_102_444_799).map(
    lambda time: datetime.fromtimestamp(time, timezone.utc)
)


@given(st.lists(moments, min_size=1, max_size=5))
def test_dates_are_read_as_the_standard_library_reads_them(times):
    fields = [
        form
        for time in times
        for form in (
            f" {time:%Y/%m/%d %H:%M:%S}.{time.microsecond // 1000:03}",
            f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}\r",
            f"{time:%Y%m%d %H:%M:%S}",
        )
    ]
    whole = [time.replace(microsecond=0).timestamp() for time in times]
    expected = [
        second
        for time, start in zip(times, whole, strict=True)
        for second in (*[start + time.microsecond // 1000 / 1000] * 2, start)
    ]

    np.testing.assert_allclose(stamps.parse([f.encode() for f in fields]), expected, atol=1e-6)


@pytest.mark.parametrize(
    "field",
    [
        b"",
        b"[N/A]",
        b"2026/03/01",
        b"1026/03/01 12:00:00.000",
        b"2026/13/01 12:00:00.000",
        b"2026/03/01 25:00:00.000",
        b"2026/03/01 12:00:00.0x0",
        b"2026/03/01 12.00.00.000",
        b"\0" * 23,
        b"9" * 10_000,
    ],
)
def test_what_is_no_time_is_not_read(field):
    assert np.isnan(stamps.parse([field])).all()


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5))
def test_any_bytes_are_a_time_or_not_read(fields):
    for read in (stamps.parse, stamps.seconds, stamps.time_of_day):
        assert read(fields).shape == (len(fields),)


@pytest.mark.parametrize(
    ("field", "second"), [(b"0.5", 0.5), (b" 64.039\r", 64.039), (b"nan", None), (b"1_0", None)]
)
def test_seconds_are_numbers(field, second):
    (read,) = stamps.seconds([field]).tolist()

    assert read == second or (second is None and np.isnan(read))
