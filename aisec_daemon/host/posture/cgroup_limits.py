"""Limits of control groups: cgroup-v1/memory.rst, scheduler/sched-bwc.rst, cgroup-v2.rst."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from errno import ENODEV, ENOENT
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.host.posture.own_group import OwnGroup

_BYTES = 4096
_DEPTH = 32
_UNLIMITED_BYTES = 1 << 62  # version 1 says so by the largest number of whole pages
_ABSENT = frozenset((ENOENT, ENODEV))
_CONTROLLERS = ("memory", "cpu", "pids")

# What these groups are limited to is shared by all workloads of the node.
_SHARED = re.compile(
    rb"kubepods(-burstable|-besteffort)?(\.slice)?|burstable|besteffort|docker|machine|lxc"
    rb"|(system|user|machine|runtime)\.slice|-\.slice"
)


class Limits(NamedTuple):
    """What a process is held to: NaN is "could not be read", infinite "by nothing".

    `cpu` is processor time per time: 1.5 are one and a half processors.
    """

    memory_bytes: float = math.nan
    cpu: float = math.nan
    processes: float = math.nan


def parse_cgroup_paths(text: bytes) -> dict[str, tuple[str, bytes]]:
    """Return hierarchy and path of each controller in /proc/PID/cgroup, "" for version 2's."""
    found = {}
    for line in text.split(b"\n"):
        number, _, rest = line.partition(b":")
        names, _, path = rest.partition(b":")
        path = path.removesuffix(b" (deleted)")
        if not path.startswith(b"/"):
            continue
        hierarchy = names.decode("ascii", "replace")
        if number == b"0":
            found[""] = "", path
        for name in hierarchy.split(",") if names else ():
            found[name] = hierarchy, path
    return found


def parse_number(text: bytes) -> float:
    """Return a limit: infinite for "max" or what stands for it; ValueError."""
    word = text.strip()
    if word in (b"max", b"-1"):
        return math.inf
    number = int(word)
    return math.inf if number >= _UNLIMITED_BYTES else float(number)


def parse_cpu_max(text: bytes) -> float:
    """Return quota by period of a cpu.max; ValueError."""
    quota, period = text.split()
    return _share(parse_number(quota), float(int(period)))


def _share(quota: float, period: float) -> float:
    if period <= 0:
        raise ValueError("a period of nothing")
    return quota / period


class CgroupLimits:
    """Reads limits below `root`/sys/fs/cgroup, of version 1, version 2 and both at once."""

    def __init__(self, root: Path) -> None:
        self._mount = os.fsencode(root / "sys/fs/cgroup")
        self._own = OwnGroup()

    def read(self, text: bytes) -> Limits:
        """Return the limits that hold for a process, whose /proc/PID/cgroup this is.

        Of its group and those above it the tightest counts. Groups that all workloads of a node
        share (kubepods.slice, system.slice) do not: they keep nobody from his neighbours.
        """
        paths = parse_cgroup_paths(text)
        return Limits(*(self._of(name, paths) for name in _CONTROLLERS))

    def _of(self, controller: str, paths: dict[str, tuple[str, bytes]]) -> float:
        hierarchy, path = paths.get(controller) or paths.get("") or ("", b"")
        base = self._base(hierarchy, controller)
        if base is None or not path:
            return math.nan
        if self._own.hides(path):
            absolute = None if hierarchy else self._own.absolute(base, path)
            if absolute is None:
                return math.nan
            path = absolute
        with suppress(OSError, ValueError):
            return min(_limits(base, path, controller, new=not hierarchy), default=math.inf)
        return math.nan

    def _base(self, hierarchy: str, controller: str) -> bytes | None:
        """Return where a hierarchy is mounted."""
        if not hierarchy:
            found = [self._mount, self._mount + b"/unified"]
            return next((b for b in found if _is_file(b + b"/cgroup.procs")), None)
        places = [self._mount + b"/" + n.encode() for n in (hierarchy, controller)]
        return next((place for place in places if _is_file(place + b"/cgroup.procs")), None)


def _limits(base: bytes, path: bytes, controller: str, *, new: bool) -> Iterator[float]:
    """Yield what the group and those above it are limited to; OSError, ValueError."""
    parts = path.strip(b"/").split(b"/")
    if len(parts) > _DEPTH or b".." in parts:
        raise ValueError("no plain path")
    folder = base + b"/" + b"/".join(parts)
    if not _is_file(folder + b"/cgroup.procs"):
        raise FileNotFoundError(ENOENT, "no such group")
    while parts and parts != [b""]:
        if not _SHARED.fullmatch(parts[-1]):
            yield _limit(base + b"/" + b"/".join(parts), controller, new=new)
        parts.pop()


def _limit(folder: bytes, controller: str, *, new: bool) -> float:
    """Return one group's own limit, infinite where the controller is not switched on."""
    try:
        if controller == "pids":
            return parse_number(_slurp(folder + b"/pids.max"))
        if new:
            text = _slurp(folder + f"/{controller}.max".encode())
            return parse_cpu_max(text) if controller == "cpu" else parse_number(text)
        if controller == "memory":
            return parse_number(_slurp(folder + b"/memory.limit_in_bytes"))
        quota = parse_number(_slurp(folder + b"/cpu.cfs_quota_us"))
        return _share(quota, float(int(_slurp(folder + b"/cpu.cfs_period_us"))))
    except OSError as error:
        if error.errno in _ABSENT:
            return math.inf
        raise


def _is_file(path: bytes) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - bytes


def _slurp(path: bytes) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(descriptor, _BYTES)
    finally:
        os.close(descriptor)
