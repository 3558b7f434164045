"""Memory of a GPU or MIG instance."""

from __future__ import annotations

from ctypes import byref
from typing import Any

import pynvml

from aisec_daemon.host.nvml import values
from aisec_daemon.host.nvml.library import Ladder, Library

_VERSION_2 = getattr(pynvml, "nvmlMemory_v2", 0x02000028)


class Memory:
    """Used, size and reserved memory in one call; the older call does not tell reserved apart."""

    def __init__(self, library: Library, handle: Any) -> None:
        self._library = library
        self._handle = handle
        self._second = pynvml.c_nvmlMemory_v2_t()
        self._first = pynvml.c_nvmlMemory_t()
        self._ladder = Ladder(self._read_second, self._read_first)

    def read(self) -> dict[str, float]:
        """Return what could be read; LostError."""
        return self._ladder.read() or {}

    def _read_second(self) -> dict[str, float]:
        memory = self._second
        memory.version = _VERSION_2
        self._library.call("nvmlDeviceGetMemoryInfo_v2", self._handle, byref(memory))
        return {
            "memory_used_bytes": values.size(memory.used),
            "memory_size_bytes": values.size(memory.total),
            "memory_reserved_bytes": values.size(memory.reserved),
        }

    def _read_first(self) -> dict[str, float]:
        memory = self._first
        self._library.call("nvmlDeviceGetMemoryInfo", self._handle, byref(memory))
        return {
            "memory_used_bytes": values.size(memory.used),
            "memory_size_bytes": values.size(memory.total),
        }
