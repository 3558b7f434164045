"""NVIDIA GPUs on the PCI bus, whatever driver they are bound to.

Source: sysfs, as the kernel's Documentation/PCI/sysfs-pci.rst describes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.host.errors import UnreadableError

_VENDOR_NVIDIA = 0x10DE
_DISPLAY_CLASSES = (0x0300, 0x0302)  # VGA and 3D controllers


@dataclass(frozen=True)
class PciGpu:
    """One GPU: its address (0000:3b:00.0), device id, and driver ("" none, None not readable)."""

    address: str
    device: str
    driver: str | None


def read_nvidia_gpus(root: Path) -> list[PciGpu]:
    """Read all NVIDIA display and 3D controllers, by address; UnreadableError without a PCI bus."""
    devices = root / "sys/bus/pci/devices"
    try:
        folders = sorted(devices.iterdir())
    except OSError as error:
        raise UnreadableError("pci", f"{devices} cannot be read: {error.strerror}") from error
    found = (_read_device(folder) for folder in folders)
    return [gpu for gpu in found if gpu]


def parse_id(text: bytes) -> int:
    """Return the number in a sysfs attribute like `0x10de`; ValueError."""
    return int(text.strip(), 16)


def is_gpu(vendor: int, device_class: int) -> bool:
    """Say whether this is an NVIDIA display or 3D controller; the class has 24 bits."""
    return vendor == _VENDOR_NVIDIA and device_class >> 8 in _DISPLAY_CLASSES


def _read_device(folder: Path) -> PciGpu | None:
    """Return the GPU in a device's folder, None for another device or one that just vanished."""
    try:
        vendor, device_class, device = (
            parse_id((folder / name).read_bytes()) for name in ("vendor", "class", "device")
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnreadableError("pci", f"{folder} cannot be read: {error}") from error
    if not is_gpu(vendor, device_class):
        return None
    return PciGpu(folder.name, f"0x{device:04x}", _read_driver(folder))


def _read_driver(folder: Path) -> str | None:
    """Return the name that the `driver` link ends in."""
    try:
        return (folder / "driver").readlink().name
    except FileNotFoundError:
        return ""
    except OSError:
        return None
