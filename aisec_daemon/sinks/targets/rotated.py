"""A file of JSON lines that is rotated when it is full."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from aisec_daemon.model import Change
from aisec_daemon.model.ocsf import Source, event, line

_MODE = 0o640
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Rotated:
    """Appends a line a change; `NAME` is the newest file, `NAME.1` the one before, up to `keep`.

    A line is whole and on the disk before it counts as delivered. Whoever moves the file away, as
    logrotate does, finds a new one in its place at the next line.
    """

    def __init__(self, path: Path, source: Source, size_max_bytes: int, keep: int) -> None:
        self._path = path
        self._source = source
        self._size_max_bytes = size_max_bytes
        self._keep = keep
        self._file = -1

    def send(self, seq: int, change: Change) -> None:
        """Append one line; OSError if it is not on the disk."""
        written = line(event(change, seq, self._source)).encode("ascii") + b"\n"
        if self._file >= 0 and not self._in_place():
            self.close()
        if self._file < 0:
            self._open()
        size = os.fstat(self._file).st_size
        if size and size + len(written) > self._size_max_bytes:
            self._rotate()
            size = 0
        self._append(written, size)

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _append(self, written: bytes, size: int) -> None:
        """Append all of a line or nothing of it."""
        try:
            self._whole(os.write(self._file, written), len(written))
            os.fdatasync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, size)
            raise

    def _whole(self, count: int, length: int) -> None:
        if count != length:
            raise OSError(errno.ENOSPC, "no space for a whole line", str(self._path))

    def _open(self) -> None:
        """Open the file; a line that a crash cut off is ended, so that the next one is whole."""
        self._file = os.open(self._path, _FLAGS, _MODE)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")

    def _in_place(self) -> bool:
        """Tell whether the file is still the one of that name."""
        try:
            there, ours = self._path.lstat(), os.fstat(self._file)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def _rotate(self) -> None:
        """Move every file one further; the last one falls off."""
        self.close()
        for number in range(self._keep, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = self._path.with_name(f"{self._path.name}.{number - 1}")
            with suppress(FileNotFoundError):
                (newer if number > 1 else self._path).replace(older)
        if self._keep == 0:
            self._path.unlink()
        self._open()
