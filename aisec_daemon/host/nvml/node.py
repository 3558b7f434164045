"""All GPUs of the node, as one process sees them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from ctypes import byref, c_char_p, create_string_buffer
from dataclasses import dataclass
from typing import Any

import pynvml

from aisec_daemon.host.nvml.codes import SUCCESS
from aisec_daemon.host.nvml.events import Events
from aisec_daemon.host.nvml.gpu_reader import GpuReader
from aisec_daemon.host.nvml.identity import integer
from aisec_daemon.host.nvml.library import Library, NvmlError
from aisec_daemon.host.nvml.row import Answer

_ASK_AGAIN_SECONDS = 60.0


@dataclass
class _Opened:
    handle: Any
    reader: GpuReader
    tells_xids: bool | None  # None: it could not be arranged yet
    ask_again: float = -math.inf


class Node:
    """NVML in this process: opened once, then read GPU by GPU."""

    def __init__(self) -> None:
        """Open NVML; NvmlError if there is no library, no driver, or they do not fit."""
        self.library = Library()
        self._gpus: dict[int, _Opened] = {}
        self._initialise()
        self.count = integer(self.library, "nvmlDeviceGetCount_v2")
        self.driver_version = self._driver_version()
        self._events = Events(self.library)

    def keep(self, indices: Mapping[int, str]) -> None:
        """Close the GPUs that this process is no longer asked for."""
        for index in self._gpus.keys() - indices.keys():
            self._gpus.pop(index).reader.close()

    def is_open(self, index: int) -> bool:
        """Say whether this GPU was opened before."""
        return index in self._gpus

    def open(self, index: int, uuid: str) -> None:
        """Open a GPU, by its UUID if that is known (an index moves when a GPU falls); NvmlError."""
        handle = pynvml.c_nvmlDevice_t()
        if uuid:
            self.library.call("nvmlDeviceGetHandleByUUID", c_char_p(uuid.encode()), byref(handle))
        else:
            self.library.call("nvmlDeviceGetHandleByIndex_v2", index, byref(handle))
        reader = GpuReader(self.library, handle)
        self._events.take(handle)  # what was announced while another process served it
        self._gpus[index] = _Opened(handle, reader, self._events.register(handle))

    def read(self, index: int, now: float) -> Answer:
        """Read an open GPU; a GPU that is lost is an answer, too."""
        gpu = self._gpus[index]
        if gpu.tells_xids is None and now >= gpu.ask_again:
            gpu.ask_again = now + _ASK_AGAIN_SECONDS
            gpu.tells_xids = self._events.register(gpu.handle)
        xids, reshaped = self._events.take(gpu.handle)
        told = tuple(xids) if gpu.tells_xids else None
        try:
            rows = gpu.reader.read(now, reshaped=reshaped)
        except NvmlError as error:
            return Answer(index, (), error.code, str(error), told)
        return Answer(index, tuple(rows), xids=told)

    def _initialise(self) -> None:
        started = time.perf_counter()
        code = SUCCESS
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            code = error.value
        self.library.count("nvmlInitWithFlags", code, time.perf_counter() - started)
        if code != SUCCESS:
            raise NvmlError("nvmlInitWithFlags", code)

    def _driver_version(self) -> str:
        buffer = create_string_buffer(80)
        self.library.ask("nvmlSystemGetDriverVersion", buffer, 80)
        return buffer.value.decode("utf-8", "replace")
