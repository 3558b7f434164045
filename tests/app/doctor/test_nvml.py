"""What is said of NVML, by what it answered."""

from __future__ import annotations

import pytest

from aisec_daemon.app.doctor import nvml
from aisec_daemon.app.doctor.check import Status
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.fields import FIELDS
from aisec_daemon.host.nvml.reading import GpuReading, Reading
from aisec_daemon.host.nvml.row import Identity
from aisec_daemon.host.tally import Call


def gpu(index: int, kind: str = "gpu", error: str = "") -> GpuReading:
    identity = Identity(f"{kind}-{index}", "H200", kind, "", "0000:3b:00.0")
    return GpuReading(index, identity, (0.0,) * len(FIELDS), 0.0, error)


def reading(*gpus: GpuReading) -> Reading:
    return Reading(gpus, "570.86.10", 0.0)


def answers(**codes: str) -> nvml.Answers:
    return nvml.Answers(Call("nvml", call, code) for call, code in codes.items())


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("there is no library (nvmlInitWithFlags: LIBRARY_NOT_FOUND)", "libnvidia-ml1"),
        ("(nvmlInitWithFlags: DRIVER_NOT_LOADED)", "modprobe"),
        ("(nvmlInitWithFlags: LIB_RM_VERSION_MISMATCH)", "reboot"),
        ("another package stands in the place of NVIDIA's pynvml: …", "pip"),
        ("NVML has not opened for 9.0 s", "nvidia-smi"),
    ],
)
def test_each_reason_has_its_command(why, told):
    check = nvml.judge_nvml(UnreadableError("nvml", why), on_bus=True)

    assert (check.status, check.main, check.found) == (Status.MISSING, True, why)
    assert told in check.remedy
    assert check.lost


def test_a_machine_without_gpus_is_told_no_command():
    error = UnreadableError("nvml", "LIBRARY_NOT_FOUND")

    assert nvml.judge_nvml(error, on_bus=False).remedy == ""


def test_instances_are_not_counted_as_gpus():
    check = nvml.judge_nvml(reading(gpu(0), gpu(0, "mig"), gpu(1)), on_bus=True)

    assert (check.status, check.found) == (Status.OK, "opens, driver 570.86.10, 2 GPU(s)")


def test_a_gpu_that_does_not_answer_is_named():
    check = nvml.judge_nvml(reading(gpu(0), gpu(1, error="GPU_IS_LOST")), on_bus=True)

    assert check.status is Status.DEGRADED
    assert "GPU 1: GPU_IS_LOST" in check.found
    assert "nvidia-smi -r" in check.remedy


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        ({"nvmlDeviceGetComputeRunningProcesses_v3": "NO_PERMISSION"}, Status.DEGRADED),
        ({"nvmlDeviceGetProcessUtilization": "NO_PERMISSION"}, Status.DEGRADED),
        ({"nvmlDeviceGetProcessUtilization": "NOT_FOUND"}, Status.OK),
        ({"nvmlDeviceGetProcessUtilization": "NOT_SUPPORTED"}, Status.OK),
        ({"nvmlDeviceGetComputeRunningProcesses_v3": "SUCCESS"}, Status.UNKNOWN),
        ({}, Status.UNKNOWN),
    ],
)
def test_what_is_told_of_processes(codes, status):
    assert nvml.judge_process_list(answers(**codes)).status is status


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        ({"nvmlGpmSampleGet": "SUCCESS"}, Status.OK),
        ({"nvmlGpmMigSampleGet": "SUCCESS"}, Status.OK),
        ({"nvmlGpmSampleGet": "NO_PERMISSION"}, Status.DEGRADED),
        ({"nvmlGpmSampleGet": "UNKNOWN"}, Status.DEGRADED),
        ({"nvmlGpmQueryDeviceSupport": "SUCCESS"}, Status.OK),  # an older GPU: nothing to mend
        ({}, Status.UNKNOWN),
    ],
)
def test_what_is_told_of_gpm(codes, status):
    assert nvml.judge_gpm(answers(**codes)).status is status


def test_mig_that_is_not_shown_to_this_user_has_a_command():
    refused = answers(nvmlDeviceGetMigDeviceHandleByIndex="NO_PERMISSION")
    check = nvml.judge_mig(refused, reading(gpu(0)))

    assert check.status is Status.DEGRADED
    assert "nvidia-modprobe" in check.remedy
    assert nvml.judge_mig(answers(), reading(gpu(0), gpu(0, "mig"))).found == "1 instance(s)"
    assert nvml.judge_mig(answers(), UnreadableError("nvml", "")).status is Status.UNKNOWN


def test_answers_of_other_sensors_are_not_nvmls():
    other = nvml.Answers([Call("proc", "nvmlGpmSampleGet", "SUCCESS")])

    assert nvml.judge_gpm(other).status is Status.UNKNOWN
