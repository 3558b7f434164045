"""Who a device is: its UUID, name and address."""

from __future__ import annotations

from ctypes import byref, c_uint, create_string_buffer
from typing import Any

import pynvml

from aisec_daemon.host.nvml.library import Library, NvmlError
from aisec_daemon.host.nvml.row import Identity

_TEXT = 96


def gpu_identity(library: Library, handle: Any) -> Identity:
    """Read who a GPU is; NvmlError if it does not tell its UUID."""
    uuid = _text(library, "nvmlDeviceGetUUID", handle)
    name = _optional_text(library, "nvmlDeviceGetName", handle)
    return Identity(uuid, name, "gpu", "", _address(library, handle))


def mig_identity(library: Library, handle: Any, uuid: str, parent: Identity) -> Identity:
    """Read who a MIG instance with this UUID is; NvmlError if it does not tell its instances."""
    name = _optional_text(library, "nvmlDeviceGetName", handle)
    instances = (
        str(integer(library, call, handle))
        for call in ("nvmlDeviceGetGpuInstanceId", "nvmlDeviceGetComputeInstanceId")
    )
    return Identity(uuid, name or parent.name, "mig", parent.uuid, parent.pci_bus_id, *instances)


def uuid_of(library: Library, handle: Any) -> str:
    """Read a device's UUID; NvmlError."""
    return _text(library, "nvmlDeviceGetUUID", handle)


def integer(library: Library, call: str, *arguments: Any) -> int:
    """Return the one unsigned integer that a call answers; NvmlError."""
    answer = c_uint()
    library.call(call, *arguments, byref(answer))
    return answer.value


def _text(library: Library, call: str, handle: Any) -> str:
    buffer = create_string_buffer(_TEXT)
    library.call(call, handle, buffer, _TEXT)
    return buffer.value.decode("utf-8", "replace")


def _optional_text(library: Library, call: str, handle: Any) -> str:
    try:
        return _text(library, call, handle)
    except NvmlError:
        return ""


def _address(library: Library, handle: Any) -> str:
    """Return the PCI address as sysfs writes it: 0000:3b:00.0."""
    info = pynvml.nvmlPciInfo_t()
    try:
        library.call("nvmlDeviceGetPciInfo_v3", handle, byref(info))
    except NvmlError:
        return ""
    return f"{info.domain:04x}:{info.bus:02x}:{info.device:02x}.0"
