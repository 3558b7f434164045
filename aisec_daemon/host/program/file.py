"""The file that a process runs, looked at from where the process stands."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.host.program.place import place

_DELETED = b" (deleted)"
_PROC_ROOT_INODE = 1  # PROC_ROOT_INO of include/linux/proc_fs.h


@dataclass(frozen=True)
class ExecutableFile:
    """What /proc/PID/exe leads to; None is what could not be read.

    `changed` is its ctime, `writable` "others" if any user may write the file or its folder (where
    no sticky bit protects it), `identity` its device and inode.
    """

    path: bytes
    place: str
    changed: float | None
    writable: str | None
    identity: tuple[int, int] | None


def is_procfs(proc: Path) -> bool:
    """Say whether links in there lead to the files themselves, as those of a copy do not."""
    try:
        return proc.stat().st_ino == _PROC_ROOT_INODE
    except OSError:
        return False


def look_at_executable(directory: int, *, real: bool) -> ExecutableFile:
    """Look at the executable of the process whose folder is open; OSError if the link is unread.

    The link of a true procfs leads to the very file, even if it has no name any more or has one in
    a mount namespace that is not ours only.
    """
    link = os.readlink(b"exe", dir_fd=directory)
    path = link.removesuffix(_DELETED)
    if not real:
        return ExecutableFile(path, place(path, gone=path != link), None, None, None)
    try:
        found = os.stat("exe", dir_fd=directory)
    except OSError:
        return ExecutableFile(path, place(path, gone=path != link), None, None, None)
    if path != link and found.st_nlink:
        path = link  # this is how the file is called
    where = place(path, gone=path != link)
    if where == "deleted" and place(path, gone=False) == "system" and _there(directory, path):
        where = "system"  # an upgrade put a new file in its place
    return ExecutableFile(
        path, where, found.st_ctime, _writable(directory, path, found), (found.st_dev, found.st_ino)
    )


def inside(path: bytes) -> bytes:
    """Return a path as seen from the folder of a process, below its own root."""
    return b"root/" + path.lstrip(b"/")


def _there(directory: int, path: bytes) -> bool:
    try:
        os.stat(inside(path), dir_fd=directory, follow_symlinks=False)
    except OSError:
        return False
    return True


def _writable(directory: int, path: bytes, found: os.stat_result) -> str | None:
    if found.st_mode & stat.S_IWOTH:
        return "others"
    if not found.st_nlink or path.startswith(b"/memfd:"):
        return ""
    try:
        folder = os.stat(inside(os.path.dirname(path)), dir_fd=directory, follow_symlinks=False)  # noqa: PTH120 - bytes
    except OSError:
        return None
    open_to_all = folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX
    return "others" if open_to_all else ""
