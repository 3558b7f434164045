"""What each process used of a GPU, averaged over the driver's new samples."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection
from ctypes import c_ulonglong
from typing import Any, TypeAlias

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.arrays import Array
from aisec_daemon.host.nvml.codes import NOT_FOUND, PERMANENT
from aisec_daemon.host.nvml.layouts import plain
from aisec_daemon.host.nvml.library import Library, LostError, NvmlError
from aisec_daemon.host.nvml.samples import FIRST_SPAN_MICROSECONDS

Used: TypeAlias = tuple[float, float, float, float]
"""SM, memory, encoder and decoder utilisation, 0..1."""

_NOTHING: Used = (0.0, 0.0, 0.0, 0.0)
_UNREAD: Used = (math.nan, math.nan, math.nan, math.nan)


class ProcessUtilization:
    """New samples of `nvmlDeviceGetProcessUtilization` since the last call, by process.

    The newest timestamp goes back verbatim, per GPU: with 0 the driver returns its whole buffer,
    stale samples included, and its clock need not be ours. The driver also returns pids that are
    not on this GPU and percentages beyond 100: both are dropped.
    """

    def __init__(self, library: Library, handle: Any) -> None:
        self._handle = handle
        self._array = Array(library, plain(pynvml.c_nvmlProcessUtilizationSample_t))
        self._last = 0
        self._supported = True

    def read(self, running: Collection[int]) -> dict[int, Used]:
        """Return what each running process used; nothing if that is not known; LostError.

        A process that the driver did not sample while it sampled others, or while nobody worked
        (NOT_FOUND), used nothing. Without new samples nothing is known.
        """
        if not self._supported:
            return {}
        try:
            samples = self._array.fill("nvmlDeviceGetProcessUtilization", self._arguments)
        except LostError:
            raise
        except NvmlError as error:
            self._supported = error.code not in PERMANENT
            return dict.fromkeys(running, _NOTHING) if error.code == NOT_FOUND else {}
        new = self._new(samples)
        if not new:
            return {}
        by_pid = defaultdict(list)
        for sample in new:
            by_pid[sample.pid].append(sample)
        return {pid: _average(by_pid[pid]) if pid in by_pid else _NOTHING for pid in running}

    def _arguments(self, count: Any, array: Any) -> tuple[Any, ...]:
        return self._handle, array, count, c_ulonglong(self._last)

    def _new(self, samples: Any) -> list[Any]:
        newest = max((sample.timeStamp for sample in samples), default=self._last)
        since = self._last or newest - FIRST_SPAN_MICROSECONDS
        self._last = max(self._last, newest)
        return [sample for sample in samples if sample.timeStamp > since]


def _average(samples: list[Any]) -> Used:
    kept = [used for used in map(_used, samples) if not math.isnan(sum(used))]
    if not kept:
        return _UNREAD
    sm, memory, encoder, decoder = (values.mean(column) for column in zip(*kept, strict=True))
    return sm, memory, encoder, decoder


def _used(sample: Any) -> Used:
    return (
        values.ratio(sample.smUtil),
        values.ratio(sample.memUtil),
        values.ratio(sample.encUtil),
        values.ratio(sample.decUtil),
    )
