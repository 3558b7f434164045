"""Whether pids mean the same to /proc, to the kernel and to NVML."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.host.proc.stat import parse_stat

_FIRST = "pid:[4026531836]"  # PROC_PID_INIT_INO of include/linux/proc_ns.h


@dataclass(frozen=True)
class Namespace:
    """What a /proc shows.

    `live` if it is one at all, `ours` if its pids are those of our own namespace, `host` if that is
    the machine's first.
    """

    live: bool
    ours: bool
    host: bool


def read_namespace(proc: Path) -> Namespace:
    """Look who we are there, and whether it is the first namespace."""
    try:
        myself = str((proc / "self").readlink())
    except OSError:
        return Namespace(live=(proc / "self").is_symlink(), ours=False, host=False)
    ours = myself == str(os.getpid())
    first = _is_first(proc, myself) or _has_kernel_threads(proc)
    return Namespace(live=True, ours=ours, host=first)


def _is_first(proc: Path, myself: str) -> bool:
    try:
        return str((proc / myself / "ns/pid").readlink()) == _FIRST
    except OSError:
        return False


def _has_kernel_threads(proc: Path) -> bool:
    """Tell whether process 2 is the kernel's, as only the first namespace shows it."""
    try:
        second = parse_stat((proc / "2/stat").read_bytes())
    except (OSError, ValueError):
        return False
    return second.kernel_thread and second.name == b"kthreadd"
