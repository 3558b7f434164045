"""What the driver announces by itself: Xid errors and reshaped MIG instances."""

from __future__ import annotations

import time
from collections import defaultdict
from ctypes import byref, c_uint, c_ulonglong, c_void_p, cast
from threading import Lock, Thread
from typing import Any

import pynvml

from aisec_daemon.host.nvml.codes import DRIVER_GONE, PERMANENT, SUCCESS, TIMEOUT
from aisec_daemon.host.nvml.library import Library, NvmlError
from aisec_daemon.host.nvml.row import Xid

XID, MIG_CHANGE = 0x8, 0x100
WAIT_MILLISECONDS = 10_000  # an event ends the wait at once; each wait is a call to pay for
_PAUSE_SECONDS = 1.0


class Events:
    """Events of the GPUs that were registered, gathered by a thread that waits for them.

    What happened before a GPU was registered is not told (`nvmlDeviceRegisterEvents`).
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = Lock()
        self._xids: dict[int, list[Xid]] = defaultdict(list)
        self._reshaped: set[int] = set()
        self._thread: Thread | None = None
        self._set: Any = pynvml.c_nvmlEventSet_t()
        self._created = False

    def register(self, handle: Any) -> bool | None:
        """Begin to gather events of this GPU; return whether Xids will be told, None if not yet."""
        kinds = c_ulonglong()
        try:
            if not self._created:
                self._library.call("nvmlEventSetCreate", byref(self._set))
                self._created = True
            self._library.call("nvmlDeviceGetSupportedEventTypes", handle, byref(kinds))
            wanted = kinds.value & (XID | MIG_CHANGE)
            self._library.call("nvmlDeviceRegisterEvents", handle, c_ulonglong(wanted), self._set)
        except NvmlError as error:
            return False if error.code in PERMANENT else None
        if not self._thread:
            self._thread = Thread(target=self._gather, name="nvml-events", daemon=True)
            self._thread.start()
        return bool(wanted & XID)

    def take(self, handle: Any) -> tuple[list[Xid], bool]:
        """Return this GPU's Xids since the last call, and whether its MIG instances changed."""
        device = address(handle)
        with self._lock:
            reshaped = device in self._reshaped
            self._reshaped.discard(device)
            return self._xids.pop(device, []), reshaped

    def _gather(self) -> None:
        data = pynvml.c_nvmlEventData_t()
        while True:
            code = self._library.ask(
                "nvmlEventSetWait_v2", self._set, byref(data), c_uint(WAIT_MILLISECONDS)
            )
            if code == SUCCESS:
                self._note(address(data.device), data.eventType, data.eventData)
            elif code in DRIVER_GONE or code in PERMANENT:
                return  # this process will be told nothing more
            elif code != TIMEOUT:
                time.sleep(_PAUSE_SECONDS)  # a lost GPU answers at once, again and again

    def _note(self, device: int, kind: int, data: int) -> None:
        with self._lock:
            if kind == XID:
                self._xids[device].append(Xid(data, time.monotonic()))
            elif kind == MIG_CHANGE:
                self._reshaped.add(device)


def address(handle: Any) -> int:
    """Return what a device handle points to: handles compare and hash badly themselves."""
    return cast(handle, c_void_p).value or 0
