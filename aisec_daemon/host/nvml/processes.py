"""Processes on a GPU or MIG instance: their memory and what they use of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from ctypes import Structure, c_uint, c_ulonglong
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.arrays import Array
from aisec_daemon.host.nvml.layouts import plain
from aisec_daemon.host.nvml.library import Ladder, Library
from aisec_daemon.host.nvml.process_utilization import ProcessUtilization
from aisec_daemon.host.nvml.row import Process
from aisec_daemon.host.nvml.slow import due

KINDS = ("compute", "graphics", "mps")
_INFIX = {"compute": "Compute", "graphics": "Graphics", "mps": "MPSCompute"}
_GRAPHICS_PHASE, _MPS_PHASE = 8, 9


class _LargerInfo(Structure):
    """`nvmlProcessInfo_t` as drivers 535.43 to 535.86 laid it out."""

    _fields_ = (
        ("pid", c_uint),
        ("usedGpuMemory", c_ulonglong),
        ("gpuInstanceId", c_uint),
        ("computeInstanceId", c_uint),
        ("usedGpuCcProtectedMemory", c_ulonglong),
    )


class Processes:
    """The processes of one GPU or MIG instance.

    Compute processes are listed on every reading, graphics and MPS ones every few and carried
    between. A MIG instance (`mig`) has no utilisation per process and no graphics, and lists MPS
    processes in place of the others on their turn, so that it costs one call a reading.
    """

    def __init__(self, library: Library, handle: Any, *, mig: bool = False) -> None:
        self._mig = mig
        self._turn = 0
        self._array = Array(library, _info(library))
        self._handle = handle
        self._lists = {kind: Ladder(*self._ways(kind)) for kind in KINDS}
        self._memory: dict[str, dict[int, float]] = {}
        self._utilization = ProcessUtilization(library, handle)

    def read(self) -> tuple[Process, ...] | None:
        """Return the processes; None if they could not be listed; LostError."""
        listed = {kind: self._lists[kind].read() for kind in self._due()}
        self._turn += 1
        for kind, sizes in listed.items():
            before = self._memory.get(kind, {})
            self._memory[kind] = dict.fromkeys(before, math.nan) if sizes is None else sizes
        if listed.get("compute", self._memory) is None:
            return None
        memory = {pid: size for sizes in self._memory.values() for pid, size in sizes.items()}
        used = {} if self._mig or not memory else self._utilization.read(memory)
        return tuple(self._process(pid, size, used.get(pid)) for pid, size in memory.items())

    def _process(
        self, pid: int, size: float, used: tuple[float, float, float, float] | None
    ) -> Process:
        kinds = tuple(kind for kind in KINDS if pid in self._memory.get(kind, {}))
        return Process(pid, kinds, (size, *(used or (math.nan,) * 4)))

    def _due(self) -> list[str]:
        mps = due(self._turn, _MPS_PHASE)
        if self._mig:
            return ["mps"] if mps and self._turn else ["compute"]
        graphics = due(self._turn, _GRAPHICS_PHASE)
        return ["compute", *["graphics"] * graphics, *["mps"] * mps]

    def _ways(self, kind: str) -> list[Callable[[], dict[int, float]]]:
        name = f"nvmlDeviceGet{_INFIX[kind]}RunningProcesses"
        return [lambda: self._list(f"{name}_v3"), lambda: self._list(f"{name}_v2")]

    def _list(self, call: str) -> dict[int, float]:
        listed = self._array.fill(call, lambda count, array: (self._handle, count, array))
        return {info.pid: values.size(info.usedGpuMemory) for info in listed}


def _info(library: Library) -> Any:
    """Return the layout that this driver's process lists have.

    Some early 535 drivers took a larger one under the same `_v3` name; they have the call for
    confidential computing, but not yet the detail list that came when the layout went back.
    """
    confidential = library.has("nvmlDeviceGetConfComputeMemSizeInfo")
    if confidential and not library.has("nvmlDeviceGetRunningProcessDetailList"):
        return _LargerInfo
    return plain(pynvml.c_nvmlProcessInfo_v2_t)
