"""What is recorded can be read, also after a crash and after an appending."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from aisec_daemon.app.traces import open_trace
from aisec_daemon.model import Snapshot, Tick
from aisec_daemon.sinks.trace import Trace
from tests.pipeline.tables import TABLE, snapshot

TABLES = {"gpu": TABLE}


def tick(now: Snapshot) -> Tick:
    return Tick(now.time, now, lambda: np.full(now.values.shape, np.nan), (), ())


def fill(path: Path, times: range, *, close: bool = True) -> Trace:
    sink = Trace(path, "node", {"gpu": 1.0}, TABLES)
    for t in times:
        sink(tick(snapshot(float(t), {"a": (100.0 + t, 0.0)})))
    if close:
        sink.close()
    return sink


def times(path: Path) -> list[float]:
    return [s.time for s in open_trace(path).snapshots()]


def test_what_was_recorded_is_read_back(tmp_path):
    fill(tmp_path / "a.gz", range(5))
    first = next(iter(open_trace(tmp_path / "a.gz").snapshots()))

    assert times(tmp_path / "a.gz") == [0, 1, 2, 3, 4]
    assert first["power_watts"].tolist() == [100.0]


def test_a_file_is_appended_to(tmp_path):
    fill(tmp_path / "a.gz", range(3))
    fill(tmp_path / "a.gz", range(10, 12))

    assert times(tmp_path / "a.gz") == [0, 1, 2, 10, 11]


def test_a_crash_costs_at_most_the_last_five_seconds(tmp_path):
    sink = fill(tmp_path / "a.gz", range(23), close=False)
    crashed = tmp_path / "crashed.gz"
    crashed.write_bytes((tmp_path / "a.gz").read_bytes())
    sink.close()

    assert times(crashed)[-1] >= 22 - 5


def test_a_cut_off_tail_is_counted_and_what_was_before_it_kept(tmp_path):
    fill(tmp_path / "a.gz", range(50))
    whole = (tmp_path / "a.gz").read_bytes()
    (tmp_path / "b.gz").write_bytes(whole[: len(whole) - 40])
    trace = open_trace(tmp_path / "b.gz")

    assert len(list(trace.snapshots())) >= 40
    assert trace.bad_line_count == 1


def test_tables_without_a_period_are_not_recorded(tmp_path):
    sink = Trace(tmp_path / "a.gz", "node", {}, TABLES)
    now = snapshot(0.0, {"a": (1.0, 1.0)})
    sink(tick(now))
    sink.close()

    assert gzip.decompress((tmp_path / "a.gz").read_bytes()).count(b"\n") == 1


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match="none"):
        Trace(tmp_path / "none" / "a.gz", "node", {}, TABLES)
