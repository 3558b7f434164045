"""Our own recordings: appended to, cut off, damaged, and of versions that were."""

from __future__ import annotations

import gzip
import json

import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.app.traces import TraceError
from aisec_daemon.model import Snapshot, recording
from aisec_daemon.model.recording import Encoder
from tests.app.traces.logs import opened


def written(times, *, power=1.0) -> bytes:
    tables, encoder = catalogue.tables(), Encoder()
    lines = [encoder.header("node", {"gpu": 2.0}, tables)]
    for time in times:
        row = {"GPU-a": ({"power_watts": power + time}, {"name": "X"})}
        lines.append(encoder.encode(Snapshot.from_rows(tables["gpu"], time, row)))
    return b"".join(lines)


def played(trace) -> list[tuple[float, float]]:
    return [(s.time, s["power_watts"][0]) for s in trace.snapshots()]


def test_a_recording_is_read_back_gzip_or_plain(tmp_path):
    for content in (written([1, 2, 3]), gzip.compress(written([1, 2, 3]))):
        trace = opened(tmp_path, content)

        assert (trace.kind, trace.periods) == ("recording", {"gpu": 2.0})
        assert played(trace) == [(1, 2), (2, 3), (3, 4)]
        assert trace.bad_line_count == 0


def test_a_recording_that_was_appended_to_is_read_on(tmp_path):
    content = gzip.compress(written([1, 2])) + gzip.compress(written([3, 4]))

    assert [time for time, _ in played(opened(tmp_path, content))] == [1, 2, 3, 4]


def test_of_a_recording_cut_off_all_that_is_whole_is_kept(tmp_path):
    whole = written(range(50))
    trace = opened(tmp_path, whole[:-20])

    assert len(played(trace)) == 49
    assert [line for line, _ in trace.bad_lines] == [51]


def test_of_gzip_cut_off_all_that_is_whole_is_kept_and_the_next_start_too(tmp_path):
    first, second = gzip.compress(written(range(500))), gzip.compress(written([900, 901]))
    trace = opened(tmp_path, first[: len(first) // 2])
    some = len(played(trace))
    assert 100 < some < 500
    assert trace.bad_line_count == 1

    trace = opened(tmp_path, first[: len(first) // 2] + second)
    again = played(trace)

    assert again[-2:] == [(900, 901), (901, 902)]
    assert again[: some - 20] == [(t, t + 1) for t in range(some - 20)]


def test_what_leans_on_a_lost_line_is_lost_too(tmp_path):
    lines = written([1, 2, 3]).splitlines()
    lines[2] = lines[2][:-1]
    trace = opened(tmp_path, b"\n".join(lines) + b"\n" + written([9]))

    assert played(trace) == [(1, 2), (9, 10)]
    assert [line for line, _ in trace.bad_lines] == [3, 4]


def test_times_that_do_not_rise_are_mended(tmp_path):
    trace = opened(tmp_path, written([10, 12]) + written([5, 7]))

    assert [time for time, _ in played(trace)] == [10, 12, 14, 16]
    assert trace.jumps == 1


def test_an_older_version_is_converted_line_by_line(tmp_path, monkeypatch):
    def renamed(content: dict) -> dict:
        if "when" in content:
            content["time"] = content.pop("when")
        return content

    old = []
    for line in written([1, 2]).splitlines():
        content = json.loads(line)
        if "aisec_recording" in content:
            content["aisec_recording"] = 0
        else:
            content["when"] = content.pop("time")
        old.append(json.dumps(content, separators=(",", ":")))

    with pytest.raises(TraceError, match="without a reading"):
        opened(tmp_path, "\n".join(old))

    monkeypatch.setitem(recording.CONVERSIONS, 0, renamed)

    assert played(opened(tmp_path, "\n".join(old))) == [(1, 2), (2, 3)]


def test_a_time_that_is_no_number_is_a_bad_line(tmp_path):
    content = written([1]) + b'{"table":"gpu","time":1e999,"labels":{},"values":{}}\n'
    trace = opened(tmp_path, content)

    assert played(trace) == [(1, 2)]
    assert trace.bad_line_count == 1
