"""One GPU: what is read of it on every reading."""

from __future__ import annotations

import math
import time
from typing import Any

from aisec_daemon.host.nvml.codes import UNKNOWN
from aisec_daemon.host.nvml.field_values import FieldValues
from aisec_daemon.host.nvml.gpm import Gpm
from aisec_daemon.host.nvml.identity import gpu_identity
from aisec_daemon.host.nvml.library import Library, LostError
from aisec_daemon.host.nvml.memory import Memory
from aisec_daemon.host.nvml.mig import Mig
from aisec_daemon.host.nvml.processes import Processes
from aisec_daemon.host.nvml.row import Row, ordered
from aisec_daemon.host.nvml.slow import Slow
from aisec_daemon.host.nvml.traffic import NVLINK_FIELDS, Traffic
from aisec_daemon.host.nvml.utilization import Utilization

_FAST = {186: "power_watts", 185: "power_average_watts"}
_WATTS = 1e-3  # fields are in milliwatts
_UNKNOWN_READINGS = 3


class GpuReader:
    """All readers of one GPU.

    What it supports is found out once, and again when MIG is switched on or off.
    """

    def __init__(self, library: Library, handle: Any) -> None:
        self.identity = gpu_identity(library, handle)
        self._library = library
        self._handle = handle
        self._mig = Mig(library, handle, self.identity)
        self._unknown_readings = 0
        self._begin()

    def read(self, now: float, *, reshaped: bool = False) -> list[Row]:
        """Read the GPU, then its MIG instances; LostError if it is out of reach.

        `now` is in seconds of any steady clock; `reshaped` says that MIG instances changed.
        """
        started = time.perf_counter()
        answered, unknown = self._library.answered, self._library.unknown
        was_cut = self._mig.enabled
        instances = self._mig.read(now, reshaped=reshaped)
        if self._mig.enabled != was_cut:
            self._gpm.free()
            self._begin()
        numbers = self._numbers(now)
        processes = () if self._mig.enabled else self._processes.read()
        self._judge(self._library.answered - answered, self._library.unknown - unknown)
        numbers["read_seconds"] = time.perf_counter() - started
        return [Row(self.identity, ordered(numbers), processes), *instances]

    def close(self) -> None:
        """Give back what the library holds for this GPU."""
        self._gpm.free()
        self._mig.close()

    def _begin(self) -> None:
        """Start anew: a GPU cut into MIG instances supports other calls than a whole one."""
        library, handle = self._library, self._handle
        fast = [(field, 0) for field in _FAST]
        self._fields = FieldValues(library, handle, [*fast, *NVLINK_FIELDS])
        self._memory = Memory(library, handle)
        self._utilization = Utilization(library, handle)
        self._slow = Slow(library, handle)
        self._processes = Processes(library, handle)
        self._gpm = Gpm(library, handle)
        self._traffic = Traffic(self._gpm, self._fields)

    def _numbers(self, now: float) -> dict[str, float]:
        fields = self._fields.read()
        power = {name: fields.get(id_, math.nan) * _WATTS for id_, name in _FAST.items()}
        numbers = power | self._memory.read() | self._utilization.read()
        if math.isnan(numbers["power_watts"]) and not self._fields.asks(186):
            numbers["power_watts"] = self._utilization.latest_watts
        metrics = self._gpm.read(now)
        traffic = self._traffic.read(fields, metrics)
        if not math.isnan(numbers["utilization_ratio"]):
            metrics.pop("utilization_ratio", None)
        return numbers | self._slow.read() | metrics | traffic

    def _judge(self, answered: int, unknown: int) -> None:
        """Take a GPU that answers nothing but UNKNOWN for lost, after a few readings."""
        silent = unknown > 0 and answered == 0
        self._unknown_readings = self._unknown_readings + 1 if silent else 0
        if self._unknown_readings >= _UNKNOWN_READINGS:
            raise LostError("every call", UNKNOWN)
