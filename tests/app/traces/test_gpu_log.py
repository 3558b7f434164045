"""Logs of --query-gpu and dmon become the snapshots that a live node would have given."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from aisec_daemon.app.traces import TraceError
from tests.app.traces.logs import DMON, FULL, NOON, UNNAMED, opened, unnamed


def test_numbers_are_in_base_units_and_words_are_labels(tmp_path):
    trace = opened(tmp_path, FULL)
    first, second = trace.snapshots()

    assert (trace.kind, trace.periods) == ("nvidia-smi csv", {"gpu": 1.0})
    assert (first.time, second.time) == (NOON, NOON + 1)
    assert first.subjects == ("GPU-a", "GPU-b")
    assert first.labels["pci_bus_id"] == ("0000:3b:00.0", "0000:5e:00.0")
    assert first.labels["index"] == ("0", "1")
    assert first.labels["kind"] == ("gpu", "gpu")
    expected = {
        "utilization_ratio": 0.5,
        "memory_used_bytes": 2.0**30,
        "power_watts": 300.5,
        "power_limit_watts": 700.0,
        "sm_clock_hertz": 1.98e9,
        "temperature_celsius": 60.0,
        "memory_temperature_celsius": 71.0,
        "ecc_corrected_volatile_errors": 3.0,
        "clock_event_sw_power_cap_ratio": 1.0,
        "read_age_seconds": 0.0,
    }
    assert {name: first[name][0] for name in expected} == expected
    assert trace.bad_line_count == 0


def test_what_the_log_says_was_not_read_is_not_read(tmp_path):
    first, second = opened(tmp_path, FULL).snapshots()

    for column in ("utilization_ratio", "memory_used_bytes", "power_watts", "energy_joules"):
        assert np.isnan(first[column][1])
    assert second["power_watts"].tolist() == [301.5, 70.0]


def test_columns_may_come_in_any_order_without_units_and_by_windows(tmp_path):
    head, *rows = FULL.splitlines()
    turned = [", ".join(reversed(line.split(", "))) for line in (head, *rows)]
    bare = [turned[0], *(r.replace(" W", "").replace(" MiB", "") for r in turned[1:])]
    trace = opened(tmp_path, gzip.compress("\r\n".join(bare).encode()))

    plain = list(opened(tmp_path, FULL).snapshots())
    again = list(opened(tmp_path, gzip.compress("\r\n".join(bare).encode())).snapshots())

    assert trace.kind == "nvidia-smi csv"
    for one, other in zip(plain, again, strict=True):
        assert (one.time, one.subjects, one.labels) == (other.time, other.subjects, other.labels)
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.parametrize(
    ("column", "subject"),
    [("index", "gpu-7"), ("pci.bus_id", "0001:3b:00.0"), ("uuid", "GPU-x")],
)
def test_a_gpu_is_known_by_the_best_name_there_is(tmp_path, column, subject):
    field = {"index": "7", "pci.bus_id": "00000001:3B:00.0", "uuid": "GPU-x"}[column]
    log = f"timestamp, {column}, power.draw [W]\n2026/03/01 12:00:00.000, {field}, 1 W\n"
    (snapshot,) = opened(tmp_path, log).snapshots()

    assert snapshot.subjects == snapshot.labels["uuid"] == (subject,)


@pytest.mark.parametrize("gpus", [1, 2, 8])
def test_rows_without_a_gpu_follow_each_other_in_gpu_order(tmp_path, gpus):
    rows = unnamed(200, gpus, period=0.1)
    trace = opened(tmp_path, "\n".join([UNNAMED, *rows]))
    snapshots = list(trace.snapshots())

    assert len(snapshots) == 200
    for poll, snapshot in enumerate(snapshots):
        assert snapshot.subjects == tuple(f"gpu-{gpu}" for gpu in range(gpus))
        assert (snapshot["memory_used_bytes"] / 2**20).tolist() == list(range(gpus))
        assert snapshot["power_watts"].tolist() == [poll] * gpus
    assert trace.bad_line_count == 0


def test_a_bad_row_keeps_its_place_and_the_gpus_after_it_their_names(tmp_path):
    rows = unnamed(50, 4)
    rows[101] = "Unable to determine the device handle"  # poll 25, GPU 1
    rows[-1] = rows[-1][:30]  # cut off
    trace = opened(tmp_path, "\n".join([UNNAMED, *rows]))
    snapshots = list(trace.snapshots())

    assert snapshots[25].subjects == ("gpu-0", "gpu-2", "gpu-3")
    assert all(
        (s["memory_used_bytes"] / 2**20).tolist() in ([0, 1, 2, 3], [0, 2, 3], [0, 1, 2])
        for s in snapshots
    )
    assert [line for line, _ in trace.bad_lines] == [103, 201]


def test_rows_of_a_poll_with_a_lost_line_are_given_to_no_gpu(tmp_path):
    rows = unnamed(50, 4)
    del rows[101]
    trace = opened(tmp_path, "\n".join([UNNAMED, *rows]))
    snapshots = list(trace.snapshots())

    assert len(snapshots) == 49
    assert all(s["memory_used_bytes"].tolist() == [0, 2**20, 2**21, 3 * 2**20] for s in snapshots)
    assert trace.bad_line_count == 3


def test_a_poll_may_cross_the_pieces_in_which_a_file_is_read(tmp_path):
    rows = unnamed(3000, 8)  # 130 bytes each, several pieces
    snapshots = list(opened(tmp_path, "\n".join([UNNAMED, *rows])).snapshots())

    assert [len(snapshot.subjects) for snapshot in snapshots] == [8] * 3000


def test_a_second_start_with_other_columns_is_read_by_its_own_heading(tmp_path):
    other = "timestamp, index, temperature.gpu\n2026/03/01 13:00:00.000, 0, 44\n"
    trace = opened(tmp_path, FULL + other)
    *_, last = trace.snapshots()

    assert last.subjects == ("gpu-0",)
    assert last["temperature_celsius"].tolist() == [44.0]
    assert np.isnan(last["power_watts"]).all()
    assert trace.bad_line_count == 0


def test_a_log_without_times_needs_the_period(tmp_path):
    log = "index, power.draw [W]\n0, 1 W\n1, 2 W\n0, 3 W\n1, 4 W\n"
    with pytest.raises(TraceError, match="how many seconds"):
        opened(tmp_path, log)

    snapshots = list(opened(tmp_path, log, period=5.0, start=100.0).snapshots())

    assert [(s.time, s["power_watts"].tolist()) for s in snapshots] == [
        (100.0, [1.0, 2.0]),
        (105.0, [3.0, 4.0]),
    ]


def test_names_of_our_own_and_of_scripts_are_understood(tmp_path):
    log = "t_seconds,gpu,util_pct,mem_used_mib,power_watts\r\n0.0,0,50,1,99.5\r\n0.1,0,,,\r\n"
    first, second = opened(tmp_path, log, start=1000.0).snapshots()

    assert (first.time, second.time) == (1000.0, 1000.1)
    assert first["power_watts"].tolist() == [99.5]
    assert first["utilization_ratio"].tolist() == [0.5]
    assert np.isnan(second["power_watts"]).all()


def test_a_clock_set_back_is_mended_and_counted(tmp_path):
    log = FULL + FULL.split("\n", 1)[1].replace("12:00:0", "11:00:0")
    trace = opened(tmp_path, log)

    assert [s.time - NOON for s in trace.snapshots()] == [0, 1, 2, 3]
    assert trace.jumps == 1


def test_dmon_is_read_by_its_headings_whenever_they_come(tmp_path):
    trace = opened(tmp_path, DMON)
    first, second = trace.snapshots()

    assert (trace.kind, trace.periods) == ("nvidia-smi dmon", {"gpu": 1.0})
    assert (first.time, second.time) == (NOON, NOON + 1)
    assert first.subjects == ("gpu-0", "gpu-1")
    assert second["power_watts"].tolist() == [301, 71]
    assert first["memory_used_bytes"].tolist() == [2**30, 17 * 2**20]
    assert first["sm_clock_hertz"].tolist() == [1.98e9, 2.1e8]
    assert np.isnan(first["memory_temperature_celsius"][1])
    assert trace.bad_line_count == 0


@pytest.mark.parametrize(("cut", "times"), [(13, [43200.0, 43201.0]), (26, [0.0, 1.0])])
def test_dmon_without_a_date_or_without_times(tmp_path, cut, times):
    log = "\n".join(
        "#" + line[cut:] if line[:1] == "#" else line[cut:] for line in DMON.splitlines()
    )
    assert [s.time for s in opened(tmp_path, log).snapshots()] == times


def test_dmon_as_csv(tmp_path):
    log = "#gpu, pwr, sm\n#Idx, W, %\n0, 300 W, 50 %\n1, 70, -\n"
    (snapshot,) = opened(tmp_path, log).snapshots()

    assert snapshot["power_watts"].tolist() == [300, 70]
    assert snapshot["utilization_ratio"][0] == 0.5
