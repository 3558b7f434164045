"""Going down a path that others may have laid: no link is followed and nothing is waited for."""

from __future__ import annotations

import os
import stat

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEPTH = 32


def look(directory: int, path: bytes) -> os.stat_result:
    """Return what lies at a path below an open folder; OSError if a part of it is a link."""
    folder, _, name = path.strip(b"/").rpartition(b"/")
    opened = enter(directory, folder)
    try:
        return os.stat(name or b".", dir_fd=opened, follow_symlinks=False)
    finally:
        os.close(opened)


def enter(directory: int, path: bytes) -> int:
    """Open a folder below an open one, part by part; OSError. The caller closes it.

    Opened with O_PATH: that asks the file system for names, but no device for anything.
    """
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if len(parts) > _DEPTH or b".." in parts:
        raise OSError(f"no plain path: {len(parts)} parts")
    here = os.open(b".", _FOLDER, dir_fd=directory)
    for part in parts:
        try:
            below = os.open(part, _FOLDER, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def is_socket(directory: int, path: bytes) -> bool:
    """Say whether a socket lies there; not if that cannot be told."""
    try:
        return stat.S_ISSOCK(look(directory, path).st_mode)
    except OSError:
        return False
