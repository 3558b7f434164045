"""One GPU: what is read of it on every reading."""

from __future__ import annotations

import math
import time
from typing import Any

from aisec_daemon.host.nvml.codes import UNKNOWN
from aisec_daemon.host.nvml.field_values import ALL_LINKS, FieldValues
from aisec_daemon.host.nvml.gpm import Gpm
from aisec_daemon.host.nvml.identity import gpu_identity
from aisec_daemon.host.nvml.library import Library, LostError
from aisec_daemon.host.nvml.memory import Memory
from aisec_daemon.host.nvml.mig import Mig
from aisec_daemon.host.nvml.processes import Processes
from aisec_daemon.host.nvml.row import Row, ordered
from aisec_daemon.host.nvml.slow import Slow
from aisec_daemon.host.nvml.utilization import Utilization

_KIBIBYTE = 1024.0
_FAST = {
    186: ("power_watts", 1e-3),
    185: ("power_average_watts", 1e-3),
    83: ("energy_joules", 1e-3),
    197: ("pcie_transmit_bytes", 1.0),
    198: ("pcie_receive_bytes", 1.0),
    138: ("nvlink_transmit_bytes", _KIBIBYTE),
    139: ("nvlink_receive_bytes", _KIBIBYTE),
}
_NVLINK = (138, 139)
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
        scopes = [(field, ALL_LINKS if field in _NVLINK else 0) for field in _FAST]
        self._fields = FieldValues(library, handle, scopes)
        self._memory = Memory(library, handle)
        self._utilization = Utilization(library, handle)
        self._slow = Slow(library, handle)
        self._processes = Processes(library, handle)
        self._gpm = Gpm(library, handle)

    def _numbers(self, now: float) -> dict[str, float]:
        numbers = self._fast_fields() | self._memory.read() | self._utilization.read()
        if math.isnan(numbers.get("power_watts", math.nan)) and not self._fields.asks(186):
            numbers["power_watts"] = self._utilization.latest_watts
        metrics = self._gpm.read(now)
        for field, (name, _) in _FAST.items():
            if name in metrics and self._fields.asks(field):
                del metrics[name]  # one counter has one source for as long as it has one
        if not math.isnan(numbers["utilization_ratio"]):
            metrics.pop("utilization_ratio", None)
        return numbers | self._slow.read() | metrics

    def _fast_fields(self) -> dict[str, float]:
        read = self._fields.read()
        return {name: read.get(id_, math.nan) * scale for id_, (name, scale) in _FAST.items()}

    def _judge(self, answered: int, unknown: int) -> None:
        """Take a GPU that answers nothing but UNKNOWN for lost, after a few readings."""
        silent = unknown > 0 and answered == 0
        self._unknown_readings = self._unknown_readings + 1 if silent else 0
        if self._unknown_readings >= _UNKNOWN_READINGS:
            raise LostError("every call", UNKNOWN)
