"""Files of models and data that a process has open, and for what: see proc_pid_fd(5)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from aisec_daemon.host.workload.formats import Format, recognise

_DELETED = b" (deleted)"
_FLAGS_BYTES = 256
_WRITE = os.O_WRONLY, os.O_RDWR


class Opened(NamedTuple):
    """One open file: its path and format, the descriptor's number, whether it is read, written."""

    path: bytes
    format: Format
    number: str
    reads: bool
    writes: bool


class Listing(NamedTuple):
    """What a folder of descriptors holds: files of data, links followed, whether more is there."""

    files: list[Opened]
    links: int
    whole: bool


def read_opened(folder: int, limit: int, *, real: bool) -> Listing:
    """Read the open files of a process, whose folder in /proc is open; OSError.

    At most `limit` links are followed. No file is opened, nor asked for anything: only procfs is,
    so that a server of files that does not answer holds nobody up. `real`: links bear the rights
    with which a file was opened; in a copy of a node fdinfo tells them.
    """
    files = []
    links = 0
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open("fd", flags, dir_fd=folder)
    try:
        names = _names(descriptor)
        for name in islice(names, limit):
            links += 1
            with suppress(FileNotFoundError):
                path = os.readlink(name.encode(), dir_fd=descriptor)
                if path.startswith(b"/"):
                    found = recognise(path.removesuffix(_DELETED))
                    if found is not None:
                        access = _rights(descriptor, name) if real else _flags(folder, name)
                        files.append(Opened(path.removesuffix(_DELETED), found, name, *access))
        return Listing(files, links, next(names, None) is None)
    finally:
        os.close(descriptor)


def size_of(folder: int, number: str) -> int | None:
    """Return an open file's size; None if it is gone. Asks its file system, which may hang."""
    with suppress(OSError):
        found = os.stat(f"fd/{number}", dir_fd=folder)
        if stat.S_ISREG(found.st_mode):
            return found.st_size
    return None


def _names(descriptor: int) -> Iterator[str]:
    with os.scandir(descriptor) as entries:
        for entry in entries:
            yield entry.name


def _rights(descriptor: int, name: str) -> tuple[bool, bool]:
    mode = os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
    return bool(mode & stat.S_IRUSR), bool(mode & stat.S_IWUSR)


def _flags(folder: int, name: str) -> tuple[bool, bool]:
    """Read `flags` of /proc/PID/fdinfo/N, octal as open(2) was given them."""
    descriptor = os.open(f"fdinfo/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        text = os.read(descriptor, _FLAGS_BYTES)
    finally:
        os.close(descriptor)
    words = text.partition(b"flags:")[2].split(None, 1)
    try:
        access = int(words[0], 8) & os.O_ACCMODE
    except (IndexError, ValueError):
        return True, False
    return access != os.O_WRONLY, access in _WRITE
