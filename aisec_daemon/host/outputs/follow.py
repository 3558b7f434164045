"""Following a file or named pipe to its end, again and again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from aisec_daemon.host.errors import UnreadableError

_READ_BYTES = 1 << 20  # at most, a reading
_LINE_BYTES = 1 << 16  # a longer line is none


class Follower:
    """What is appended to one file since it was opened; a file may be rotated or cut short.

    A regular file is followed from its end on, a pipe from when it was opened. Not safe between
    threads.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken_lines = 0
        self._descriptor = -1
        self._identity: tuple[int, int] | None = None
        self._rest = b""

    def read(self) -> list[bytes]:
        """Return the whole lines that came; UnreadableError if there is no file to follow."""
        try:
            self._open()
            found = self._take()
        except BlockingIOError:
            return []
        except OSError as error:
            self.close()
            message = f"{self.path} cannot be followed: {error.strerror}"
            raise UnreadableError("output", message) from error
        *lines, self._rest = (self._rest + found).split(b"\n")
        if len(self._rest) > _LINE_BYTES:
            self._rest = b""
            self.broken_lines += 1
        return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._identity = -1, None

    def _open(self) -> None:
        """Open the file, and again when another has its name."""
        named = self.path.stat()
        identity = (named.st_dev, named.st_ino)
        if identity == self._identity:
            return
        first = self._identity is None
        self.close()
        self._rest = b""
        if not stat.S_ISREG(named.st_mode) and not stat.S_ISFIFO(named.st_mode):
            raise OSError(0, "it is neither a file nor a pipe")
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags)
        self._identity = identity
        if first and stat.S_ISREG(named.st_mode):
            os.lseek(self._descriptor, 0, os.SEEK_END)

    def _take(self) -> bytes:
        """Read what is there; a file that is shorter than it was begins anew."""
        now = os.fstat(self._descriptor)
        regular = stat.S_ISREG(now.st_mode)
        if regular and now.st_size < os.lseek(self._descriptor, 0, os.SEEK_CUR):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            self._rest = b""
        return os.read(self._descriptor, _READ_BYTES)
