"""GPM: what the parts of a Hopper or later GPU did between two samples."""

from __future__ import annotations

import math
from ctypes import byref
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.codes import PERMANENT, SUCCESS, UNKNOWN
from aisec_daemon.host.nvml.layouts import plain
from aisec_daemon.host.nvml.library import Library, LostError, NvmlError

SHORTEST_SECONDS = 0.1  # the driver refreshes its counters no faster
LONGEST_SECONDS = 600.0

_PERCENTS = {
    1: "utilization_ratio",
    2: "sm_active_ratio",
    3: "sm_occupancy_ratio",
    4: "pipe_integer_ratio",
    5: "pipe_tensor_ratio",
    6: "pipe_tensor_dfma_ratio",
    7: "pipe_tensor_hmma_ratio",
    9: "pipe_tensor_imma_ratio",
    10: "dram_active_ratio",
    11: "pipe_fp64_ratio",
    12: "pipe_fp32_ratio",
    13: "pipe_fp16_ratio",
}
_RATES = {  # MiB/s
    20: "pcie_transmit_bytes",
    21: "pcie_receive_bytes",
    60: "nvlink_receive_bytes",
    61: "nvlink_transmit_bytes",
}
_IDS = {name: id_ for id_, name in (_PERCENTS | _RATES).items()}
_MEBIBYTE = 2.0**20
_TOLERANCE_PERCENT = 1.0
_VERSION = 1


class Gpm:
    """Metrics of one GPU, or of the GPU instance `instance` of one, over the time between reads.

    Two samples are kept and change places: one sample call and one metrics call a reading, no
    waiting. To be used from one thread only, for all GPUs.
    """

    def __init__(self, library: Library, handle: Any, instance: int | None = None) -> None:
        self._library = library
        self._handle = handle
        self._instance = instance
        self._request = plain(pynvml.c_nvmlGpmMetricsGet_t)()
        self._wanted = [*_PERCENTS, *_RATES]
        self._before: tuple[Any, float] | None = None
        self._spare: Any = None
        self._bytes = dict.fromkeys(_RATES.values(), math.nan)
        self._supported: bool | None = True if instance is not None else self._device_supports()

    def read(self, now: float) -> dict[str, float]:
        """Return the metrics since the last read, at `now` seconds of any steady clock.

        Traffic is the driver's rate times the time between, summed since the first read. NaN for
        what could not be read; LostError.
        """
        if self._supported is None:
            self._supported = self._device_supports()
        if not self._supported:
            return {}
        if self._before and now - self._before[1] < SHORTEST_SECONDS:
            return {}
        try:
            return self._between(self._before, self._sample(), now)
        except LostError:
            raise
        except NvmlError as error:
            self._supported = error.code not in PERMANENT
            return {}

    def offers(self, name: str) -> bool:
        """Say whether this number is to be had, as far as is known yet."""
        return self._supported is not False and _IDS[name] in self._wanted

    def free(self) -> None:
        """Give the samples back to the library."""
        for sample in (self._spare, self._before and self._before[0]):
            if sample is not None:
                self._library.ask("nvmlGpmSampleFree", sample)
        self._spare = self._before = None
        self._supported = False

    def _device_supports(self) -> bool | None:
        """Ask whether the GPU has GPM; None if that could not be learned now."""
        support = pynvml.c_nvmlGpmSupport_t()
        support.version = _VERSION
        code = self._library.ask("nvmlGpmQueryDeviceSupport", self._handle, byref(support))
        if code == SUCCESS:
            return bool(support.isSupportedDevice)
        return False if code in PERMANENT else None

    def _sample(self) -> Any:
        sample, self._spare = self._spare, None
        if sample is None:
            sample = pynvml.c_nvmlGpmSample_t()
            self._library.call("nvmlGpmSampleAlloc", byref(sample))
        try:
            if self._instance is None:
                self._library.call("nvmlGpmSampleGet", self._handle, sample)
            else:
                self._library.call("nvmlGpmMigSampleGet", self._handle, self._instance, sample)
        except NvmlError:
            self._spare = sample
            raise
        return sample

    def _between(
        self, before: tuple[Any, float] | None, sample: Any, now: float
    ) -> dict[str, float]:
        self._before = (sample, now)
        if before is None:
            return {}
        self._spare, since = before
        if now - since > LONGEST_SECONDS:
            return {}
        self._ask(self._spare, sample)
        return self._understand(now - since)

    def _ask(self, before: Any, after: Any) -> None:
        request = self._request
        request.version, request.numMetrics = _VERSION, len(self._wanted)
        request.sample1, request.sample2 = before, after
        for at, wanted in enumerate(self._wanted):
            request.metrics[at].metricId, request.metrics[at].nvmlReturn = wanted, UNKNOWN
        self._library.call("nvmlGpmMetricsGet", byref(request))

    def _understand(self, seconds: float) -> dict[str, float]:
        numbers: dict[str, float] = {}
        for metric in self._request.metrics[: self._request.numMetrics]:
            if metric.nvmlReturn in PERMANENT:
                self._wanted.remove(metric.metricId)
            elif metric.nvmlReturn == SUCCESS:
                self._take(numbers, metric.metricId, metric.value, seconds)
        return numbers

    def _take(self, numbers: dict[str, float], id_: int, value: float, seconds: float) -> None:
        if id_ in _PERCENTS:
            numbers[_PERCENTS[id_]] = values.ratio(value, _TOLERANCE_PERCENT)
        elif 0.0 <= value < math.inf:
            name = _RATES[id_]
            so_far = 0.0 if math.isnan(self._bytes[name]) else self._bytes[name]
            numbers[name] = self._bytes[name] = so_far + value * _MEBIBYTE * seconds
