"""What is no trace is refused in one sentence."""

from __future__ import annotations

import gzip
import os

import pytest

from aisec_daemon.app.traces import TraceError, open_trace
from tests.app.traces.logs import FULL, opened


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\n\n  \n", "it is empty"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        (b"\0" * 5000, "neither a recording nor"),
        (b"Hello, world\n", "neither a recording nor"),
        (b'{"some": "json"}\n', "neither a recording nor"),
        (b"t,v\n1,2\n", "log with the header"),
        (FULL.split("\n", 1)[1].encode(), "log with the header"),
        (FULL.encode("utf-16"), "UTF-16"),
        (FULL.split("\n", 1)[0].encode(), "without a reading"),
        (b"\x1f\x8b\x08 and then not", "damaged gzip data"),
    ],
)
def test_a_file_that_is_nothing_of_the_kind_is_refused(tmp_path, content, reason):
    with pytest.raises(TraceError, match=reason) as refusal:
        opened(tmp_path, content)

    assert "\n" not in str(refusal.value)
    assert str(tmp_path) in str(refusal.value)


def test_what_cannot_be_read_at_all_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "none", pipe):
        with pytest.raises(TraceError):
            open_trace(path)


@pytest.mark.parametrize("period", [0.0, -1.0, float("nan")])
def test_a_period_that_is_none_is_refused(tmp_path, period):
    with pytest.raises(TraceError, match="above zero"):
        opened(tmp_path, FULL, period=period)


def test_lines_above_the_heading_are_passed_over(tmp_path):
    trace = opened(tmp_path, "nohup: ignoring input\n" + FULL)

    assert len(list(trace.snapshots())) == 2
    assert trace.bad_lines == [(1, "it is above the heading")]


def test_a_trace_can_be_played_twice(tmp_path):
    trace = opened(tmp_path, b"\xef\xbb\xbf" + FULL.encode() + b"\0\n")
    for _ in range(2):
        assert len(list(trace.snapshots())) == 2
        assert trace.bad_line_count == 1


def test_a_file_that_goes_away_is_an_error_of_the_trace(tmp_path):
    trace = opened(tmp_path, FULL)
    (tmp_path / "log").unlink()

    with pytest.raises(TraceError, match="no longer"):
        list(trace.snapshots())
