"""Hashes of executables' files: read once per file, so many bytes a turn."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from errno import EFBIG
from typing import Any, NamedTuple

TURN_BYTES = 16 << 20
LARGEST_BYTES = 2 << 30
_CHUNK_BYTES = 1 << 20
_KNOWN_FILES = 4096


class _File(NamedTuple):
    """Which file, and which version of it."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class Digests:
    """SHA-256 of files, as sha256sum(1) prints it.

    A file is known by its inode and its times: who shares it is not read again. What is not read
    whole in one turn goes on in the next, as long as someone asks for it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[_File, str] = OrderedDict()
        self._begun: dict[_File, Any] = {}  # hash objects, fed up to some place
        self._places: dict[_File, int] = {}
        self._asked: set[_File] = set()
        self._left = TURN_BYTES

    def turn(self) -> None:
        """Begin a turn: what nobody asked for in the last one is let go."""
        for file in self._begun.keys() - self._asked:
            del self._begun[file], self._places[file]
        self._asked.clear()
        self._left = TURN_BYTES

    def of(self, directory: int) -> str | None:
        """Return the hash of the executable of the process whose folder is open.

        None while it has not been read whole; OSError if it cannot be read, or is too large.
        """
        descriptor = os.open("exe", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            file = _version(descriptor)
            if file in self._known:
                self._known.move_to_end(file)
                return self._known[file]
            if file.size > LARGEST_BYTES:
                raise OSError(EFBIG, "the file is too large to be hashed")
            return self._read_on(descriptor, file)
        finally:
            os.close(descriptor)

    def _read_on(self, descriptor: int, file: _File) -> str | None:
        self._asked.add(file)
        digest = self._begun.setdefault(file, hashlib.sha256())
        place = self._places.setdefault(file, 0)
        while self._left > 0:
            piece = os.pread(descriptor, min(_CHUNK_BYTES, self._left), place)
            if not piece:
                return self._finish(descriptor, file)
            digest.update(piece)
            place += len(piece)
            self._left -= len(piece)
            self._places[file] = place
        return None

    def _finish(self, descriptor: int, file: _File) -> str | None:
        """Keep the hash, unless the file was changed while it was read."""
        digest, place = self._begun.pop(file), self._places.pop(file)
        if place != file.size or _version(descriptor) != file:
            return None
        self._known[file] = str(digest.hexdigest())
        if len(self._known) > _KNOWN_FILES:
            self._known.popitem(last=False)
        return self._known[file]


def _version(descriptor: int) -> _File:
    found = os.fstat(descriptor)
    return _File(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
