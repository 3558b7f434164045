"""The host as what workloads are compared with: its namespaces, mounts, devices, capabilities."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.host.posture import capabilities, namespaces
from aisec_daemon.host.posture.cgroup_limits import CgroupLimits
from aisec_daemon.host.posture.descend import is_socket
from aisec_daemon.host.posture.devices import parse_majors
from aisec_daemon.host.posture.host_paths import HostPaths
from aisec_daemon.host.posture.namespaces import HostNamespaces
from aisec_daemon.host.posture.status import parse_status
from aisec_daemon.host.proc.mountinfo import Mounts, read_mounts
from aisec_daemon.host.program.file import is_procfs

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True)
class HostView:
    """What is known of the host at one moment; `real` if it is a live one, not a copy of files.

    `mounts` is None where the host's own could not be read; then nothing can be said of paths.
    """

    roots: tuple[Path, ...]
    real: bool
    namespaces: HostNamespaces
    mounts: Mounts | None
    paths: HostPaths | None
    majors: dict[int, str]
    capabilities: int
    limits: CgroupLimits

    def has_socket(self, path: bytes) -> bool:
        """Say whether the host has a socket there."""
        return any(_has_socket(root, path) for root in self.roots)


def look_at_host(root: Path, limits: CgroupLimits) -> HostView:
    """Look at the host below `root`; what cannot be read is unknown."""
    proc = root / "proc"
    real = is_procfs(proc)
    own = namespaces.read_links("/proc/self") if real else {}
    mounts = _mounts([proc / "1", *([Path("/proc/self")] if namespaces.is_host(own) else [])])
    return HostView(
        roots=(root, proc / "1/root"),
        real=real,
        namespaces=HostNamespaces(proc, own),
        mounts=mounts,
        paths=None if mounts is None else HostPaths(mounts.mounts),
        majors=parse_majors(_text(proc / "devices")),
        capabilities=_capabilities(proc),
        limits=limits,
    )


def _mounts(places: list[Path]) -> Mounts | None:
    for place in places:
        with suppress(OSError):
            descriptor = os.open(place, _DIRECTORY)
            try:
                return read_mounts(descriptor)[0]
            finally:
                os.close(descriptor)
    return None


def _capabilities(proc: Path) -> int:
    last = _text(proc / "sys/kernel/cap_last_cap").strip()
    bounding = parse_status(_text(proc / "1/status")).bounding
    return capabilities.every(bounding, int(last) if last.isdigit() else None)


def _has_socket(root: Path, path: bytes) -> bool:
    try:
        descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_socket(descriptor, path)
    finally:
        os.close(descriptor)


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
