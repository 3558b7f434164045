"""MIG: the instances a GPU is cut into, each a row of its own."""

from __future__ import annotations

import math
from ctypes import byref, c_uint
from typing import Any

import pynvml

from aisec_daemon.host.nvml.codes import NOT_FOUND
from aisec_daemon.host.nvml.gpm import Gpm
from aisec_daemon.host.nvml.identity import integer, mig_identity, uuid_of
from aisec_daemon.host.nvml.library import Ladder, Library, LostError, NvmlError
from aisec_daemon.host.nvml.memory import Memory
from aisec_daemon.host.nvml.processes import Processes
from aisec_daemon.host.nvml.row import Identity, Row, ordered

LISTED_EVERY_SECONDS = 30.0
MODE_EVERY_SECONDS = 60.0


class Instance:
    """One MIG instance: memory, processes and GPM, four calls a reading."""

    def __init__(self, library: Library, handle: Any, identity: Identity, parent: Any) -> None:
        self.identity = identity
        self._memory = Memory(library, handle)
        self._processes = Processes(library, handle, mig=True)
        self._gpm = Gpm(library, parent, int(identity.gpu_instance_id))

    def read(self, now: float) -> Row:
        """Read it; LostError."""
        numbers = self._memory.read() | self._gpm.read(now)
        error = "" if numbers else "the instance could not be read"
        return Row(self.identity, ordered(numbers), self._processes.read(), error)

    def close(self) -> None:
        """Give back what the library holds for it."""
        self._gpm.free()


class Mig:
    """The MIG instances of one GPU, found again when it is reshaped and now and then.

    Handles go stale when a GPU is reshaped and are reused for other instances: an instance is
    known by its UUID, and all are opened anew when the driver announces another shape.
    """

    def __init__(self, library: Library, handle: Any, gpu: Identity) -> None:
        self._library = library
        self._handle = handle
        self._gpu = gpu
        self._mode = Ladder(self._read_mode)
        self._instances: dict[str, Instance] = {}
        self._stale: set[str] = set()
        self._mode_due = self._list_due = -math.inf
        self.enabled = False

    def read(self, now: float, *, reshaped: bool) -> list[Row]:
        """Return a row for each instance; `reshaped` looks for them anew. LostError."""
        if reshaped:
            self._mode_due = self._list_due = -math.inf
            self._forget(list(self._instances))
        if now >= self._mode_due:
            self._mode_due = now + MODE_EVERY_SECONDS
            mode = self._mode.read()
            self.enabled = self.enabled if mode is None else bool(mode)
        if not self.enabled:
            self._forget(list(self._instances))
            return []
        if now >= self._list_due:
            self._list_due = now + LISTED_EVERY_SECONDS
            self._list()
        rows = [instance.read(now) for instance in self._instances.values()]
        self._stale = {row.identity.uuid for row in rows if row.error}
        if self._stale:
            self._list_due = -math.inf  # handles may have gone stale unannounced
        return rows

    def close(self) -> None:
        """Give back what the library holds for the instances."""
        self._forget(list(self._instances))

    def _read_mode(self) -> int:
        current, pending = c_uint(), c_uint()
        self._library.call("nvmlDeviceGetMigMode", self._handle, byref(current), byref(pending))
        return current.value

    def _list(self) -> None:
        try:
            most = integer(self._library, "nvmlDeviceGetMaxMigDeviceCount", self._handle)
        except LostError:
            raise
        except NvmlError:
            return
        found = [self._find(index) for index in range(most)]
        if None not in found:
            self._forget([known for known in self._instances if known not in found])

    def _find(self, index: int) -> str | None:
        """Return the UUID of the instance in this slot, empty without one, None if unreadable."""
        handle = pynvml.c_nvmlDevice_t()
        try:
            self._library.call(
                "nvmlDeviceGetMigDeviceHandleByIndex", self._handle, index, byref(handle)
            )
            uuid = uuid_of(self._library, handle)
            if uuid not in self._instances or uuid in self._stale:
                identity = mig_identity(self._library, handle, uuid, self._gpu)
                self._forget([uuid] if uuid in self._instances else [])
                self._instances[uuid] = Instance(self._library, handle, identity, self._handle)
        except LostError:
            raise
        except NvmlError as error:
            return "" if error.code == NOT_FOUND else None
        return uuid

    def _forget(self, gone: list[str]) -> None:
        for uuid in gone:
            self._instances.pop(uuid).close()
