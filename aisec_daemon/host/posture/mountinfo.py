"""/proc/PID/mountinfo, see proc_pid_mountinfo(5)."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

MOUNTINFO_BYTES = 4 << 20  # of one process: some 30,000 mounts
_FIELDS = 6  # before the optional ones
_CHUNK_BYTES = 1 << 18
_ESCAPE = re.compile(rb"\\([0-7]{3})")
_READ_ONLY = b"ro"


class Mount(NamedTuple):
    """A mount: `root` is what of the file system `device` is shown at `point`."""

    device: bytes
    root: bytes
    point: bytes
    read_only: bool
    kind: bytes


class Mounts(NamedTuple):
    """Mounts of a process, in the kernel's order; not `whole` if there were more."""

    mounts: list[Mount]
    whole: bool


def parse_mountinfo(text: bytes) -> list[Mount]:
    r"""Parse it; lines that are none are left out. Paths may hold anything: a space is \040."""
    found = []
    for line in text.split(b"\n"):
        mount, dash, kind = line.partition(b" - ")
        fields, kinds = mount.split(b" "), kind.split(b" ")
        if not dash or len(fields) < _FIELDS:
            continue
        options = fields[5].split(b",")
        of_all = kinds[2].split(b",") if len(kinds) > 2 else []  # noqa: PLR2004 - type, source, these
        read_only = _READ_ONLY in options or _READ_ONLY in of_all
        found.append(
            Mount(fields[2], unescape(fields[3]), unescape(fields[4]), read_only, kinds[0])
        )
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
