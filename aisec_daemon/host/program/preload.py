"""Libraries that were loaded into a program before its own."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from errno import EINVAL

from aisec_daemon.host.program.file import inside
from aisec_daemon.host.program.place import place

_VARIABLE = re.compile(rb"(?:^|\0)LD_(?:PRELOAD|AUDIT)=([^\0]*)")
_SEPARATORS = re.compile(rb"[\s:]+")
_SITE = re.compile(rb"/(?:site|dist)-packages/")
_LIMIT_BYTES = 262144
_WRITABLE_BY_OTHERS = 0o022
_FLAGS = (
    os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
)  # a container's file is a stranger's


def parse_environ(text: bytes) -> list[bytes]:
    """Return what LD_PRELOAD and LD_AUDIT name; no other variable is looked at."""
    values = (found[1] for found in _VARIABLE.finditer(text))
    return [word for value in values for word in _SEPARATORS.split(value) if word]


def parse_preload_file(text: bytes) -> list[bytes]:
    """Return what /etc/ld.so.preload names, see ld.so(8)."""
    lines = (line.partition(b"#")[0] for line in text.split(b"\n"))
    return [word for line in lines for word in _SEPARATORS.split(line) if word]


def foreign_preload(directory: int, mapped: Collection[bytes], executable: bytes) -> bytes:
    """Return the first preloaded library from outside system folders; empty if there is none.

    OSError if the process's variables may not be read. A library counts if it is mapped, and does
    not if it lies below the program's own prefix, among Python's packages, or is an
    administrator's: root's, and nobody else may write it.
    """
    named = parse_environ(_read(directory, b"environ"))
    with suppress(OSError):
        named += parse_preload_file(_read(directory, inside(b"/etc/ld.so.preload")))
    for path in _mapped_paths(named, mapped):
        if not _expected(directory, path, executable):
            return path
    return b""


def _mapped_paths(named: Collection[bytes], mapped: Collection[bytes]) -> Iterator[bytes]:
    """Yield the files behind the names; a name may be a link, or hold $LIB: its end tells."""
    for name in named:
        stem = name.rpartition(b"/")[2].partition(b".so")[0]
        for path in sorted(mapped):
            if path == name or path.rpartition(b"/")[2].partition(b".so")[0] == stem:
                yield path


def _expected(directory: int, path: bytes, executable: bytes) -> bool:
    gone = path.endswith(b" (deleted)")
    where = place(path.removesuffix(b" (deleted)"), gone=gone)
    if where == "system" or _SITE.search(path):
        return not gone
    if where not in ("home", "other"):
        return False
    prefix = executable.rpartition(b"/bin/")[0]
    if prefix and prefix != b"/home" and path.startswith(prefix + b"/"):
        return True
    try:
        found = os.stat(inside(path), dir_fd=directory)
    except OSError:
        return False
    return found.st_uid == 0 and not found.st_mode & _WRITABLE_BY_OTHERS


def _read(directory: int, name: bytes) -> bytes:
    descriptor = os.open(name, _FLAGS, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, "not a file")
        parts: list[bytes] = []
        size = 0
        while size < _LIMIT_BYTES:
            part = os.read(descriptor, 65536)
            if not part:
                break
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)
