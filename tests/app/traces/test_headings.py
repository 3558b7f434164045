"""A heading is told from a row, and says what the fields are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.traces.headings import monitor_heading, query_heading


def test_units_and_spaces_are_no_part_of_a_name():
    heading = query_heading(b"timestamp, power.draw [W],encoder.stats.sessionCount\r")

    assert heading.names == ["timestamp", "power.draw", "encoder.stats.sessioncount"]
    assert heading.split(b"a,b, c") == [b"a", b"b", b" c"]


@pytest.mark.parametrize(
    "text", [b"NVIDIA H100, 70 W", b"GPU-a, 0", b"name, size", b"70 W, 0 %", b"", b"a" * 70_000]
)
def test_a_row_is_no_heading(text):
    assert query_heading(text) is None


def test_a_command_may_hold_spaces():
    heading = monitor_heading(b"# gpu        pid  type    command")

    assert heading.names == ["gpu", "pid", "type", "command"]
    assert heading.split(b"    0   4100     C    Web Content")[-1] == b"Web Content"


@pytest.mark.parametrize(
    "text", [b"# Idx     W     C", b"#HH:MM:SS    Idx     W", b"gpu pwr", b"#"]
)
def test_units_are_no_heading(text):
    assert monitor_heading(text) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_a_heading_or_none(text):
    for content in (text, b"# gpu " + text, b"timestamp, " + text):
        query_heading(content)
        monitor_heading(content)
