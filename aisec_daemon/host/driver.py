"""Whether the machine has an NVIDIA driver at all, working or not."""

from __future__ import annotations

from pathlib import Path

_SIGNS = (
    "proc/driver/nvidia/version",  # the kernel module is loaded
    "sys/module/nvidia",
    "dev/nvidiactl",
    "dev/dxg",  # Windows lends its GPU to Linux
)


def has_driver(root: Path) -> bool:
    """Tell whether anything under `root` speaks of a driver; NVML is not asked."""
    return any((root / sign).exists() for sign in _SIGNS)
