"""Logs of pmon become rows of `gpu_process`."""

from __future__ import annotations

import numpy as np

from tests.app.traces.logs import NOON, PMON, opened


def test_processes_are_read_poll_by_poll(tmp_path):
    trace = opened(tmp_path, PMON)
    first, second = trace.snapshots()

    assert (trace.kind, trace.periods) == ("nvidia-smi pmon", {"gpu_process": 1.0})
    assert (first.time, second.time) == (0.0, 1.0)
    assert first.subjects == ("gpu-0/4100:?", "gpu-0/4200:?")
    assert first.labels["process"] == ("4100:?", "4200:?")
    assert first.labels["kind"] == ("compute", "compute+graphics")
    assert first.labels["name"] == ("python3", "Web Content")
    assert first.labels["user"] == (None, None)
    assert first["sm_utilization_ratio"].tolist() == [0.9, 0.05]
    assert first["memory_used_bytes"].tolist() == [2**31, 12 * 2**20]
    assert np.isnan(first["memory_utilization_ratio"][1])
    assert second.subjects == ("gpu-0/4100:?",)
    assert trace.bad_line_count == 0


def test_a_node_without_processes_gives_empty_snapshots(tmp_path):
    idle = (
        PMON.splitlines()[:2]
        + ["    0           -     -      -      -      -      -      -    -"] * 3
    )
    assert [(s.time, s.subjects) for s in opened(tmp_path, "\n".join(idle)).snapshots()] == [
        (0.0, ()),
        (1.0, ()),
        (2.0, ()),
    ]


def test_times_part_polls_that_share_no_process(tmp_path):
    log = (
        "#Date       Time        gpu        pid  type    sm   mem   enc   dec   command\n"
        "#YYYYMMDD   HH:MM:SS    Idx          #   C/G     %     %     %     %   name\n"
        " 20260301   12:00:00      0         10     C     1     1     -     -   a\n"
        " 20260301   12:00:01      0         11     C     1     1     -     -   b\n"
    )
    first, second = opened(tmp_path, log).snapshots()

    assert (first.time, first.subjects) == (NOON, ("gpu-0/10:?",))
    assert (second.time, second.subjects) == (NOON + 1, ("gpu-0/11:?",))


def test_lines_that_are_none_are_named(tmp_path):
    trace = opened(tmp_path, PMON + "    0   x   C  1 1 - - 1 a\n 0 1\n")

    assert len(list(trace.snapshots())) == 2
    assert [line for line, _ in trace.bad_lines] == [8, 9]
