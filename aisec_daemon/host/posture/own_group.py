"""Where this daemon is among the host's control groups, if it sees but its own: in a container.

In a cgroup namespace /proc/PID/cgroup tells paths from its root on, with ".." for what is above:
cgroup_namespaces(7). The root is known again in the host's tree by its inode number.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress

_FOLDERS_MAX = 20_000  # looked at once in the daemon's life
_FIRST = f"cgroup:[{0xEFFFFFFB}]"  # of include/uapi/linux/nsfs.h
_MOUNT = "/sys/fs/cgroup"


class OwnGroup:
    """The group that is the root of our own cgroup namespace."""

    def __init__(self, mount: str = _MOUNT) -> None:
        self._mount = mount
        self._parts: list[bytes] | None = None
        self._sought = False

    def hides(self, path: bytes) -> bool:
        """Say whether a path in /proc/PID/cgroup begins at our namespace's root, not the host's."""
        return path.startswith(b"/..") or (path == b"/" and self.private)

    @property
    def private(self) -> bool:
        """Whether we have a cgroup namespace of our own."""
        try:
            return os.readlink("/proc/self/ns/cgroup") != _FIRST  # noqa: PTH115 - as the next
        except OSError:
            return False

    def absolute(self, base: bytes, path: bytes) -> bytes | None:
        """Return the path below `base`, where the host's tree is; None if that is not known."""
        if not self._sought:
            self._sought = True
            self._parts = _find(base, self._inode())
        parts = path.strip(b"/").split(b"/")
        ups = sum(part == b".." for part in parts)
        if self._parts is None or ups > len(self._parts) or b".." in parts[ups:]:
            return None
        return b"/" + b"/".join([*self._parts[: len(self._parts) - ups], *parts[ups:]])

    def _inode(self) -> int:
        try:
            os.stat(f"{self._mount}/cgroup.procs")  # noqa: PTH116 - as the next
            return os.stat(self._mount).st_ino  # noqa: PTH116 - of a cgroup file system of version 2
        except OSError:
            return 0


def _find(base: bytes, inode: int) -> list[bytes] | None:
    """Find the folder with this inode, the widest folders first."""
    with suppress(OSError):
        if inode and os.stat(base).st_ino == inode:  # noqa: PTH116 - bytes
            return []
    queue: deque[list[bytes]] = deque([[]])
    seen = 0
    while inode and queue:
        parts = queue.popleft()
        with suppress(OSError), os.scandir(b"/".join([base, *parts])) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    continue
                seen += 1
                if entry.inode() == inode:
                    return [*parts, entry.name]
                if seen < _FOLDERS_MAX:
                    queue.append([*parts, entry.name])
    return None
