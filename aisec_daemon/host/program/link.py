"""Whether a name leads to a process's executable, and what the executable's file holds."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from errno import ENOENT, ENOTDIR

from aisec_daemon.host.program.file import inside

_FOLDERS = (b"/usr/local/bin", b"/usr/bin", b"/bin", b"/usr/sbin", b"/sbin", b"/usr/lib/systemd")
_HOPS = 8
_CHUNK_BYTES = 1 << 20
_LIMIT_BYTES = 64 << 20


def leads_to(
    directory: int, name: bytes, identity: tuple[int, int] | None, folders: Iterable[bytes] = ()
) -> bool | None:
    """Say whether a program of this name, in a system's folder or one of `folders`, is this file.

    Seen from the process whose folder is open; None if that cannot be told.
    """
    if identity is None:
        return None
    known: bool | None = False
    for folder in dict.fromkeys((*folders, *_FOLDERS)):
        try:
            found = _follow(directory, folder + b"/" + name)
        except OSError as error:
            if error.errno not in (ENOENT, ENOTDIR):
                known = None
            continue
        if (found.st_dev, found.st_ino) == identity:
            return True
    return known


def holds(directory: int, words: Collection[bytes]) -> tuple[bool | None, int]:
    """Say whether the executable's file holds one of these words, and how many bytes were read.

    None if that cannot be told: it may not be read, or is larger than what is looked at.
    """
    try:
        descriptor = os.open("exe", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return None, 0
    try:
        return contains(descriptor, words)
    finally:
        os.close(descriptor)


def contains(descriptor: int, words: Collection[bytes]) -> tuple[bool | None, int]:
    """Say whether an open file holds one of these words, and how many bytes were read."""
    keep = max(map(len, words)) - 1
    tail, size = b"", 0
    try:
        while size < _LIMIT_BYTES:
            chunk = os.read(descriptor, _CHUNK_BYTES)
            size += len(chunk)
            if not chunk:
                return False, size
            if any(word in tail + chunk for word in words):
                return True, size
            tail = chunk[-keep:]
    except OSError:
        return None, size
    return None, size


def _follow(directory: int, path: bytes) -> os.stat_result:
    """Follow the links at the end of a path below the process's own root, not ours."""
    for _ in range(_HOPS):
        try:
            target = os.readlink(inside(path), dir_fd=directory)
        except OSError as error:
            if error.errno in (ENOENT, ENOTDIR):
                raise
            break
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120 - bytes
    return os.stat(inside(path), dir_fd=directory, follow_symlinks=False)
