"""NVML: whether it opens, and what it lets this process ask."""

from __future__ import annotations

from collections.abc import Iterable

from aisec_daemon.app.doctor.check import Check, Status
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.reading import Reading
from aisec_daemon.host.tally import Call

_REMEDIES = {
    "LIBRARY_NOT_FOUND": (
        "install the driver's library (Debian: sudo apt install libnvidia-ml1; "
        "in a container: docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=utility)"
    ),
    "DRIVER_NOT_LOADED": "sudo modprobe nvidia",
    "LIB_RM_VERSION_MISMATCH": "reboot, or stop all GPU work and: sudo rmmod nvidia_uvm nvidia",
    "NO_PERMISSION": "sudo usermod -aG $(stat -c %G /dev/nvidiactl) $USER",
    "GPU_IS_LOST": "sudo nvidia-smi -r, or reboot",
    "RESET_REQUIRED": "sudo nvidia-smi -r, or reboot",
    "pynvml": "pip uninstall -y pynvml; pip install --force-reinstall nvidia-ml-py",
}
_MIG_CALLS = (
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetMaxMigDeviceCount",
    "nvmlDeviceGetMigDeviceHandleByIndex",
)
_LISTS = "RunningProcesses"


class Answers:
    """What NVML's calls answered, by name."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._codes: dict[str, set[str]] = {}
        for call in calls:
            if call.sensor == "nvml":
                self._codes.setdefault(call.call, set()).add(call.code)

    def of(self, *names: str) -> set[str]:
        """Return every answer that calls whose name ends so have given."""
        return {
            code
            for call, codes in self._codes.items()
            for code in codes
            if any(call.removesuffix("_v3").removesuffix("_v2").endswith(name) for name in names)
        }


def judge_nvml(reading: Reading | UnreadableError, *, on_bus: bool) -> Check:
    """Judge whether NVML opens and every GPU answers; `on_bus`: there may be a GPU at all."""
    if isinstance(reading, UnreadableError):
        why = str(reading)
        remedy = next((text for sign, text in _REMEDIES.items() if sign in why), "nvidia-smi")
        lost = "GPUs, and which processes are on them" if on_bus else ""
        remedy = remedy if on_bus or "pynvml" in why else ""
        return Check("nvml", Status.MISSING, why, lost, remedy, main=True)
    gpus = [gpu for gpu in reading.gpus if gpu.identity.kind == "gpu"]
    found = f"opens, driver {reading.driver_version}, {len(gpus)} GPU(s)"
    silent = [gpu for gpu in gpus if gpu.error]
    if not silent:
        return Check("nvml", Status.OK, found)
    which = "; ".join(f"GPU {gpu.index}: {gpu.error}" for gpu in silent)
    remedy = next(
        (text for sign, text in _REMEDIES.items() if sign in which), "sudo dmesg | grep Xid"
    )
    return Check(
        "nvml",
        Status.DEGRADED,
        f"{found}; {which}",
        "these GPUs are not watched",
        remedy,
        main=True,
    )


def judge_process_list(answers: Answers) -> Check:
    """Judge whether NVML lists processes, and tells what each of them uses."""
    name = "gpu processes"
    if "NO_PERMISSION" in answers.of(_LISTS):
        lost = "which processes are on the GPUs"
        return Check(name, Status.DEGRADED, "NVML lists them not to this user", lost, _AS_ROOT)
    codes = answers.of("ProcessUtilization")
    lost = "how much each process uses; memory alone is known"
    if "NO_PERMISSION" in codes:
        found = "listed, but their use is not told to this user"
        return Check(name, Status.DEGRADED, found, lost, _AS_ROOT)
    if codes & {"SUCCESS", "NOT_FOUND"}:
        return Check(name, Status.OK, "listed, with what each uses")
    if codes:
        return Check(
            name, Status.OK, f"listed; this GPU does not tell what each uses: {_first(codes)}"
        )
    found = "listed; none was there to ask for its use" if answers.of(_LISTS) else "not asked"
    return Check(name, Status.UNKNOWN, found)


def judge_gpm(answers: Answers) -> Check:
    """Judge GPM, which tells what the parts of a GPU do."""
    name, lost = "gpm", "use of tensor, integer and floating-point pipes"
    codes = answers.of("GpmSampleGet", "GpmMigSampleGet")
    if "SUCCESS" in codes:
        return Check(name, Status.OK, "works")
    if "NO_PERMISSION" in codes:
        return Check(name, Status.DEGRADED, "not for this user", lost, _AS_ROOT)
    if codes:
        found = f"does not work: {_first(codes)}"
        return Check(name, Status.DEGRADED, found, lost, "nvidia-smi gpm -g; see if it is enabled")
    if answers.of("GpmQueryDeviceSupport"):
        return Check(name, Status.OK, f"not of this GPU (Hopper and later have it): no {lost}")
    return Check(name, Status.UNKNOWN, "no GPU to ask")


def judge_mig(answers: Answers, reading: Reading | UnreadableError) -> Check:
    """Judge whether MIG instances of others can be seen."""
    if isinstance(reading, UnreadableError):
        return Check("mig", Status.UNKNOWN, "no GPU to ask")
    if "NO_PERMISSION" in answers.of(*_MIG_CALLS):
        found = "NVML does not show this user the MIG instances"
        remedy = (
            "sudo nvidia-modprobe -f /proc/driver/nvidia/capabilities/mig/monitor, or run as root"
        )
        return Check("mig", Status.DEGRADED, found, "MIG instances and what runs on them", remedy)
    count = sum(gpu.identity.kind == "mig" for gpu in reading.gpus)
    return Check("mig", Status.OK, f"{count} instance(s)" if count else "no GPU is split")


_AS_ROOT = "run it as root or as the service (sudo make install)"


def _first(codes: set[str]) -> str:
    return min(codes)
