"""/proc/PID/mountinfo, see proc_pid_mountinfo(5)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

MOUNTINFO_BYTES = 4 << 20  # of one process: some 30,000 mounts
_FIELDS = 6  # before the optional ones
_CHUNK_BYTES = 1 << 18
_ESCAPE = re.compile(rb"\\([0-7]{3})")
_READ_ONLY = b"ro"


class Mount(NamedTuple):
    """A mount: `root` is what of the file system `device` is shown at `point`.

    `options` are those of the file system; they may hold secrets.
    """

    device: bytes = b""
    root: bytes = b"/"
    point: bytes = b"/"
    read_only: bool = False
    kind: bytes = b""
    source: bytes = b""
    options: bytes = b""


class Mounts(NamedTuple):
    """Mounts of a process, in the kernel's order; not `whole` if there were more."""

    mounts: list[Mount]
    whole: bool


def parse_mountinfo(text: bytes) -> list[Mount]:
    r"""Parse it; lines that are none are left out. Paths may hold anything: a space is \040."""
    found = []
    for line in text.split(b"\n"):
        before, dash, behind = line.partition(b" - ")
        fields, more = before.split(b" "), behind.split(b" ")
        if not dash or len(fields) < _FIELDS:
            continue
        kind, source, options = (*more, b"", b"")[:3]
        read_only = _READ_ONLY in fields[5].split(b",") or _READ_ONLY in options.split(b",")
        root, point, source = map(unescape, (fields[3], fields[4], source))
        found.append(Mount(fields[2], root, point, read_only, kind, source, options))
    return found


def read_mounts(directory: int) -> tuple[Mounts, int]:
    """Read those of the process whose folder is open, and how many bytes that were; OSError."""
    descriptor = os.open("mountinfo", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    parts, size, whole = [], 0, False
    try:
        while size < MOUNTINFO_BYTES:
            part = os.read(descriptor, _CHUNK_BYTES)
            if not part:
                whole = True
                break
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    text = b"".join(parts)
    return Mounts(parse_mountinfo(text if whole else text.rpartition(b"\n")[0]), whole), size


def unescape(path: bytes) -> bytes:
    """Undo the kernel's escapes of space, tab, newline and backslash."""
    if b"\\" not in path:
        return path
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 8) & 0xFF,)), path)


def at(mounts: list[Mount], point: bytes) -> Mount | None:
    """Return what is mounted at a place: the last one covers those before it."""
    return next((mount for mount in reversed(mounts) if mount.point == point), None)


class MountTree:
    """Tells which mount a path lies on, name by name: there may be thousands of either."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self._top = _Node()
        for mount in mounts:
            node = self._top
            for name in _names(mount.point):
                node = node.below.setdefault(name, _Node())
            node.mount = mount  # of equals the last, which covers the others

    def of(self, path: bytes) -> Mount | None:
        """Return the longest mount that leads to a path."""
        node = self._top
        best = node.mount
        for name in _names(path):
            if name not in node.below:
                break
            node = node.below[name]
            best = node.mount or best
        return best


class _Node:
    """A folder that is mounted on, or leads to one that is."""

    __slots__ = ("below", "mount")

    def __init__(self) -> None:
        self.below: dict[bytes, _Node] = {}
        self.mount: Mount | None = None


def _names(path: bytes) -> list[bytes]:
    return [name for name in path.split(b"/") if name]
