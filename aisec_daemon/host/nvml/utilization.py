"""How busy a GPU was and how its power went within the second, in two calls a reading."""

from __future__ import annotations

import math
from ctypes import byref
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.library import Ladder, Library
from aisec_daemon.host.nvml.samples import MEMORY_UTILIZATION, POWER, UTILIZATION, Samples

_LARGEST_WATTS = 10_000.0


class Utilization:
    """Utilisation from the driver's samples; power and memory samples take turns beside it.

    The driver may have no samples of an idle GPU. Then the plain rates are read in their place,
    and samples are tried again on every other reading, so that two calls are always enough.
    """

    def __init__(self, library: Library, handle: Any) -> None:
        self._library = library
        self._handle = handle
        self._rates = pynvml.c_nvmlUtilization_t()
        self._busy = Ladder(Samples(library, handle, UTILIZATION).read)
        self._memory = Ladder(Samples(library, handle, MEMORY_UTILIZATION).read)
        self._power = Ladder(Samples(library, handle, POWER).read)
        self._plain = Ladder(self._read_rates)
        self._power_turn = True
        self._idle = False
        self._carried: dict[str, float] = {}
        self.latest_watts = math.nan  # the newest power sample

    def read(self) -> dict[str, float]:
        """Return utilisation now, power and memory as of their last turn; LostError."""
        resting = self._idle and self._power_turn
        numbers = {} if resting else self._from_samples()
        self._idle = not numbers
        if resting or numbers:
            self._take_turn()
        elif not self._power_turn:
            self._power_turn = True  # the rates below hold what this turn would have read
        return (numbers or self._from_rates()) | self._carried

    def _from_samples(self) -> dict[str, float]:
        ratios = values.ratios(self._busy.read() or ())
        if not ratios:
            return {}
        return {
            "utilization_ratio": values.mean(ratios),
            "utilization_max_ratio": max(ratios),
            "utilization_stddev_ratio": values.deviation(ratios),
        }

    def _from_rates(self) -> dict[str, float]:
        rates = self._plain.read() or (math.nan, math.nan)
        self._carried["memory_utilization_ratio"] = rates[1]
        return {"utilization_ratio": rates[0]}

    def _read_rates(self) -> tuple[float, float]:
        self._library.call("nvmlDeviceGetUtilizationRates", self._handle, byref(self._rates))
        return values.ratio(self._rates.gpu), values.ratio(self._rates.memory)

    def _take_turn(self) -> None:
        if self._power_turn:
            self._carried |= self._power_shape()
        else:
            known = values.ratios(self._memory.read() or ())
            self._carried["memory_utilization_ratio"] = values.mean(known)
        self._power_turn = not self._power_turn

    def _power_shape(self) -> dict[str, float]:
        watts = [milliwatts / 1000.0 for milliwatts in self._power.read() or ()]
        watts = [x for x in watts if 0.0 <= x <= _LARGEST_WATTS]
        self.latest_watts = watts[-1] if watts else math.nan
        return {
            "power_max_watts": max(watts, default=math.nan),
            "power_stddev_watts": values.deviation(watts),
        }
