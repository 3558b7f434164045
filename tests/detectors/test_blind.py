"""What an operator is told when something is not seen, and when not."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.blind import Blind
from aisec_daemon.model import Snapshot, State, View

NOW = 1000.0
NOTHING = State((), np.empty((0, 0)))


def table(name: str, rows: dict, time: float = NOW) -> View:
    snapshot = Snapshot.from_rows(catalogue.tables()[name], time, rows)
    return View(NOW, snapshot, np.empty(0), {})


def part(
    age: float, error: str = "", period: float = 1.0, sensor: str = "", *, worked: bool = True
):
    numbers = {
        "age_seconds": age,
        "period_seconds": period,
        "last_success_timestamp_seconds": NOW - age if worked else np.nan,
    }
    return numbers, {"error": error, "sensor": sensor}


def gpu(age: float = 0.0, error: str = "", address: str = "0000:3b:00.0"):
    words = {"error": error, "pci_bus_id": address, "kind": "gpu"}
    return {"read_age_seconds": age}, words


def judge(upkeep, gpus=None, devices=None, views=None) -> dict[str, tuple[float, str]]:
    _, verdict = Blind()(NOTHING, table("upkeep", upkeep), gpus, devices, views)
    return {
        subject: (score, reason)
        for subject, score, reason in zip(
            verdict.subjects, verdict.score, verdict.reasons, strict=True
        )
    }


def test_a_sampler_that_fails_is_told_with_its_error():
    score, reason = judge({"sampler/process": part(15, "/proc cannot be read")})["sampler/process"]

    assert score >= 1
    assert "/proc cannot be read" in reason
    assert "15 s" in reason


def test_a_sampler_that_reads_or_is_slow_by_design_is_quiet():
    told = judge({"sampler/gpu": part(14), "sampler/slow": part(140, period=30)})

    assert all(score < 1 for score, _ in told.values())


@pytest.mark.parametrize(
    ("age", "worked", "judged"),
    [(20, False, False), (150, False, True), (20, True, True)],
)
def test_after_a_restart_what_has_not_worked_yet_is_not_judged_before_its_time(age, worked, judged):
    """Or the case of a slow sampler would end with each restart, and be told again as a new one."""
    told = judge({"sampler/slow": part(age, "no answer", period=30, worked=worked)})

    assert np.isfinite(told["sampler/slow"][0]) == judged


def test_what_only_events_call_is_well_until_it_fails():
    assert judge({"sink/log": part(0, period=np.nan, worked=False)})["sink/log"][0] == 0


def test_a_detector_that_fails_is_blindness_too():
    assert judge({"detector/mining": part(20, "fault", period=np.nan)})["detector/mining"][0] >= 1


def test_one_gpu_that_hangs_is_told_alone():
    gpus = table("gpu", {"GPU-a": gpu(), "GPU-b": gpu(30, "GPU_IS_LOST", "0000:5e:00.0")})
    told = judge({"sampler/gpu": part(0)}, gpus)

    assert told["gpu/GPU-a"][0] < 1
    assert told["gpu/GPU-b"][0] >= 1
    assert "GPU_IS_LOST" in told["gpu/GPU-b"][1]


@pytest.mark.parametrize(
    ("driver", "blind"),
    [("nvidia", True), ("nouveau", True), ("", True), (None, True), ("vfio-pci", False)],
)
def test_a_device_on_the_bus_that_nvml_does_not_show(driver, blind):
    devices = table("gpu_device", {"0000:af:00.0": ({}, {"driver": driver})})
    told = judge({}, table("gpu", {"GPU-a": gpu()}), devices)

    assert bool(told["pci/0000:af:00.0"][0] >= 1) is blind


def test_a_device_that_nvml_shows_is_seen():
    devices = table("gpu_device", {"0000:3b:00.0": ({}, {"driver": "nvidia"})})

    assert judge({}, table("gpu", {"GPU-a": gpu()}), devices)["pci/0000:3b:00.0"][0] < 1


def test_without_a_driver_one_finding_says_how_much_is_not_watched():
    devices = table("gpu_device", {f"0000:{i:02x}:00.0": ({}, {"driver": ""}) for i in range(8)})
    stale = table("gpu", {"GPU-a": gpu()}, time=NOW - 600)
    told = judge({"sampler/gpu": part(60, "no driver", sensor="nvml")}, stale, devices)

    assert list(told) == ["sampler/gpu"]
    assert "8 NVIDIA device(s)" in told["sampler/gpu"][1]


def test_samplers_that_fail_for_one_reason_are_one_case():
    silent = part(60, "no driver", sensor="nvml")
    upkeep = {"sampler/gpu": silent, "sampler/gpu_process": silent, "sampler/x": part(60, "fault")}
    _, verdict = Blind()(NOTHING, table("upkeep", upkeep), None, None, None)

    assert verdict.keys == ("sensor/nvml", "sensor/nvml", "sampler/x")


@pytest.mark.parametrize(("readings", "blind"), [(1, False), (2, True)])
def test_a_view_that_cannot_be_compared_is_told_once_it_lasts(readings, blind):
    lack = "this daemon does not see the host's processes"
    views = table("process_view", {"view/nvml": ({"lasting_runs": readings}, {"lack": lack})})
    score, reason = judge({}, views=views)["view/nvml"]

    assert bool(score >= 1) is blind
    assert reason == lack


def test_a_view_that_lacks_nothing_is_not_listed():
    views = table("process_view", {"view/nvml": ({"lasting_runs": 0}, {"lack": ""})})

    assert judge({}, views=views) == {}


def test_a_line_of_no_time_is_refused():
    with pytest.raises(ValueError, match="after"):
        Blind(after=0)
