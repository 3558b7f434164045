"""Samples that the driver keeps by itself: the shape of a second without polling fast."""

from __future__ import annotations

from ctypes import byref, c_uint, c_ulonglong
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.arrays import Array
from aisec_daemon.host.nvml.layouts import plain
from aisec_daemon.host.nvml.library import Library

POWER, UTILIZATION, MEMORY_UTILIZATION = 0, 1, 2
"""Kinds of samples, `nvmlSamplingType_t`."""

FIRST_SPAN_MICROSECONDS = 1_000_000
"""Of the whole buffer that a first call returns, only the newest second is the present."""


class Samples:
    """New samples of one kind of one GPU, since the last call (`nvmlDeviceGetSamples`).

    The timestamp that goes back is the driver's own newest, verbatim: some drivers count from
    boot, so no clock of ours is compared with it.
    """

    def __init__(self, library: Library, handle: Any, kind: int) -> None:
        self._handle = handle
        self._kind = kind
        self._array = Array(library, plain(pynvml.c_nvmlSample_t))
        self._type = c_uint()
        self._last = 0

    def read(self) -> list[float]:
        """Return the values of new samples, maybe none; NvmlError (NOT_FOUND: nobody works)."""
        taken = self._array.fill("nvmlDeviceGetSamples", self._arguments)
        newest = max((sample.timeStamp for sample in taken), default=self._last)
        since = self._last or newest - FIRST_SPAN_MICROSECONDS
        self._last = max(self._last, newest)
        new = (sample.sampleValue for sample in taken if sample.timeStamp > since)
        return values.numbers(new, self._type.value)

    def _arguments(self, count: Any, array: Any) -> tuple[Any, ...]:
        return self._handle, self._kind, c_ulonglong(self._last), byref(self._type), count, array
