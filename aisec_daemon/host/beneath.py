"""Files below another process's root, which no link leads out of and no file can hold up."""

from __future__ import annotations

import os
import stat
from collections import deque
from errno import EINVAL, ELOOP, ENOTDIR
from itertools import islice
from typing import NamedTuple

from aisec_daemon.host.slurp import slurp_open

_PATH = os.O_PATH | os.O_CLOEXEC
_HOPS = 40  # links followed in one walk, as the kernel does
_PARTS = 256


class Place(NamedTuple):
    """A file found: a descriptor that only names it (O_PATH), its path without links, its kind."""

    descriptor: int
    path: bytes
    mode: int


def find(root: int, path: bytes) -> Place:
    """Walk to `path` below the folder `root`, whatever its links say; OSError.

    Each link is read here and followed from `root`, as chroot(2) would; `..` ends at `root`. The
    caller closes the descriptor.
    """
    walk = _Walk(root)
    parts = deque(path.split(b"/"))
    try:
        for _ in range(_PARTS):
            if not parts:
                return walk.end()
            parts.extendleft(reversed(walk.step(parts.popleft(), last=not parts)))
        raise OSError(ELOOP, "the path has too many parts")
    finally:
        walk.close()


class _Walk:
    """The folders walked through so far, open, and their names without links."""

    def __init__(self, root: int) -> None:
        self._open = [os.dup(root)]
        self._names: list[bytes] = []
        self._hops = 0

    def step(self, part: bytes, *, last: bool) -> list[bytes]:
        """Go one part on; return what must be walked in its place if it is a link."""
        if part == b"..":
            self._up()
        if part in (b"", b".", b".."):
            return []
        self._open.append(os.open(part, _PATH | os.O_NOFOLLOW, dir_fd=self._open[-1]))
        self._names.append(part)
        mode = os.fstat(self._open[-1]).st_mode
        if stat.S_ISLNK(mode):
            return self._target(part)
        if not last and not stat.S_ISDIR(mode):
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
        return []

    def end(self) -> Place:
        """Return where the walk has led."""
        kept = self._open.pop()
        return Place(kept, b"/" + b"/".join(self._names), os.fstat(kept).st_mode)

    def close(self) -> None:
        """Let go of what was walked through."""
        while self._open:
            os.close(self._open.pop())

    def _up(self) -> None:
        if self._names:
            self._names.pop()
            os.close(self._open.pop())

    def _target(self, link: bytes) -> list[bytes]:
        self._up()
        self._hops += 1
        if self._hops > _HOPS:
            raise OSError(ELOOP, os.strerror(ELOOP))
        target = os.readlink(link, dir_fd=self._open[-1])
        while target.startswith(b"/") and self._names:
            self._up()
        return target.split(b"/")


def exists(root: int, path: bytes) -> bool:
    """Say whether something is there; it is not opened."""
    try:
        os.close(find(root, path).descriptor)
    except OSError:
        return False
    return True


def listed(root: int, path: bytes, most: int) -> list[bytes]:
    """Return the names in a folder below `root`, so many of them at most; OSError."""
    place = find(root, path)
    try:
        folder = reopen(place.descriptor, os.O_RDONLY | os.O_DIRECTORY)
    finally:
        os.close(place.descriptor)
    try:
        with os.scandir(folder) as entries:
            return [os.fsencode(entry.name) for entry in islice(entries, most)]
    finally:
        os.close(folder)


def read_head(folder: int, name: bytes, limit_bytes: int) -> bytes:
    """Read the beginning of a regular file in an open folder; OSError.

    A link, a device, a pipe is refused before it is opened: opening one may wait, or do something.
    """
    found = os.open(name, _PATH | os.O_NOFOLLOW, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError(EINVAL, "not a regular file")
        descriptor = reopen(found)
    finally:
        os.close(found)
    try:
        return slurp_open(descriptor, limit_bytes)
    finally:
        os.close(descriptor)


def reopen(found: int, flags: int = os.O_RDONLY) -> int:
    """Open for reading what a descriptor names; OSError."""
    return os.open(f"/proc/self/fd/{found}", flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
