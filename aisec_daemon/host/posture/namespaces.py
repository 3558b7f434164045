"""Which namespaces a process shares with the host: /proc/PID/ns, namespaces(7)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

NAMES = ("net", "pid", "ipc", "uts", "user", "cgroup", "mnt")

# Inode numbers of the machine's first namespaces (include/uapi/linux/nsfs.h); those made later have
# larger ones. Of net and mnt they are fixed since Linux 6.18 only.
_FIRST = {"mnt": 0xEFFFFFF8, "net": 0xEFFFFFF9, "cgroup": 0xEFFFFFFB, "pid": 0xEFFFFFFC}
_FIRST |= {"user": 0xEFFFFFFD, "uts": 0xEFFFFFFE, "ipc": 0xEFFFFFFF}
_ALWAYS_FIXED = frozenset(_FIRST) - {"net", "mnt"}
_SIGNS = ("pid", "user", "cgroup")  # who has these of the host is no container


def read_links(directory: int | str) -> dict[str, str]:
    """Return where the links in `ns` of a process lead, of those that may be read."""
    found: dict[str, str] = {}
    for name in NAMES:
        with suppress(OSError):
            if isinstance(directory, int):
                found[name] = os.readlink(f"ns/{name}", dir_fd=directory)
            else:
                found[name] = os.readlink(f"{directory}/ns/{name}")  # noqa: PTH115 - as above
    return found


def is_host(own: Mapping[str, str]) -> bool:
    """Say whether one's own namespaces tell that one runs on the host, if in a sandbox there."""
    return all(own.get(name) == _first(name) for name in _SIGNS)


class HostNamespaces:
    """What the host's own namespaces are: the first process's below `proc`, else known numbers.

    `own` are those of this daemon, empty where `proc` is a copy of a node.
    """

    def __init__(self, proc: Path, own: Mapping[str, str]) -> None:
        self._links = read_links(f"{proc}/1")
        for name in _FIRST.keys() - self._links.keys():
            if own and (name in _ALWAYS_FIXED or own.get(name) == _first(name)):
                self._links[name] = _first(name)
            elif name == "net" and "net" in own and is_host(own):
                self._links[name] = own["net"]

    def shared(self, links: Mapping[str, str]) -> dict[str, str | None]:
        """Say of each namespace whether it is the host's: host or own; None if that is unknown."""
        return {name: self._compare(links.get(name), name) for name in NAMES}

    def _compare(self, link: str | None, name: str) -> str | None:
        host = self._links.get(name)
        if link is None or host is None:
            return None
        return "host" if link == host else "own"


def _first(name: str) -> str:
    return f"{name}:[{_FIRST[name]}]"
