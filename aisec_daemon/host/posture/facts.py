"""What is read of one process for its posture."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from aisec_daemon.host.posture import capabilities, namespaces
from aisec_daemon.host.posture.cgroup_limits import Limits
from aisec_daemon.host.posture.confinement import read_label
from aisec_daemon.host.posture.devices import Devices, look_at, mounted
from aisec_daemon.host.posture.host_paths import sensitive, sockets
from aisec_daemon.host.posture.host_view import HostView
from aisec_daemon.host.posture.status import Status
from aisec_daemon.host.posture.user_map import parse_uid_map, root
from aisec_daemon.host.proc.mountinfo import Mounts, at, read_mounts

_BYTES = 64 << 10  # of cgroup and uid_map
_T = TypeVar("_T")

Fail = Callable[[str, OSError | ValueError], None]
"""Notes that a file of the process could not be read."""


@dataclass(frozen=True)
class Facts:
    """How one process stands; None and NaN are what could not be read, "" is "none of it".

    `mounts` and devices are read of containers only: whoever has the host's mounts has them all.
    """

    root: str | None = None
    no_new_privileges: bool | None = None
    capabilities: str | None = None
    bounding_capabilities: str | None = None
    seccomp: str | None = None
    security_label: str | None = None
    read_only_root: bool | None = None
    limits: Limits = Limits()  # noqa: RUF009 - cannot change
    namespaces: Mapping[str, str | None] = field(
        default_factory=lambda: dict.fromkeys(namespaces.NAMES)
    )
    runtime_sockets: str | None = None
    host_paths: str | None = None
    devices: str | None = None
    visible_gpus: float = math.nan


def read_facts(
    directory: int, status: Status, host: HostView, fail: Fail, *, contained: bool
) -> tuple[Facts, int]:
    """Read the process whose folder is open; return what was read, and bytes of its mounts."""
    shared = host.namespaces.shared(namespaces.read_links(directory))
    users = _try(lambda: parse_uid_map(slurp(directory, "uid_map")), "uid_map", fail)
    label = _try(lambda: read_label(directory), "attr", fail)
    cgroup = _try(lambda: slurp(directory, "cgroup"), "cgroup", fail)
    mounts, size = None, 0
    if contained or shared["mnt"] != "host" or host.mounts is None:
        read = _try(lambda: read_mounts(directory), "mountinfo", fail)
        mounts, size = read or (None, 0)
    else:
        mounts = host.mounts
    effective = None if status.effective is None else status.effective | (status.permitted or 0)
    found = Facts(
        root=root(status.uids, users),
        no_new_privileges=status.no_new_privileges,
        capabilities=capabilities.words(effective, host.capabilities),
        bounding_capabilities=capabilities.words(status.bounding, host.capabilities),
        seccomp=status.seccomp,
        security_label=label,
        read_only_root=_read_only(mounts),
        limits=Limits() if cgroup is None else host.limits.read(cgroup),
        namespaces=shared,
    )
    if contained and mounts is not None:
        found = _contained(found, directory, mounts, host)
    return found, size


def _contained(found: Facts, directory: int, mounts: Mounts, host: HostView) -> Facts:
    """Add what a container was given of the host."""
    shared = found.namespaces
    devices = _devices(directory, mounts, host, own_users=shared["user"] == "own")
    own_pids = shared["pid"] == "own"
    paths, runtimes = None, None
    if host.paths is not None:
        paths = sensitive(mounts.mounts, host.paths, own_pids=own_pids)
        runtimes = sockets(mounts.mounts, host.paths, host.has_socket)
    return replace(
        found,
        runtime_sockets=_words(runtimes, mounts.whole),
        host_paths=_words(paths, mounts.whole),
        devices=_words(devices.kinds, devices.whole),
        visible_gpus=float(len(devices.gpus)) if devices.whole else math.nan,
    )


def _devices(directory: int, mounts: Mounts, host: HostView, *, own_users: bool) -> Devices:
    """Look into /dev; where that must not be, mounts tell all if nobody could make nodes there."""
    devices = Devices(whole=mounts.whole and host.real)
    mounted(mounts.mounts, devices)
    if host.real:
        look_at(directory, mounts.mounts, host.majors, devices)
    place = at(mounts.mounts, b"/dev")
    if own_users and place is not None and place.kind == b"tmpfs":
        devices.whole = mounts.whole
    return devices


def _words(found: set[str] | None, whole: bool) -> str | None:
    """Join them; None if there is none among what could be seen, and not all could be."""
    if found is None or not (found or whole):
        return None
    return " ".join(sorted(found))


def _read_only(mounts: Mounts | None) -> bool | None:
    if mounts is None or not mounts.whole:
        return None
    mount = at(mounts.mounts, b"/")
    return None if mount is None else mount.read_only


def _try(read: Callable[[], _T], name: str, fail: Fail) -> _T | None:
    try:
        return read()
    except (OSError, ValueError) as error:
        fail(name, error)
        return None


def slurp(directory: int, name: str) -> bytes:
    """Read a small file of the process whose folder is open; OSError."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return os.read(descriptor, _BYTES)
    finally:
        os.close(descriptor)
