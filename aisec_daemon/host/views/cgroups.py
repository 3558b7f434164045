"""The pids that control groups hold.

Each process is in exactly one group of every hierarchy, so one hierarchy is enough: that of
version 2, else systemd's own, else any. See cgroups(7).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from errno import ENODEV, ENOENT, EOPNOTSUPP
from pathlib import Path
from typing import NamedTuple

_PROCS = "cgroup.procs"
_PASSED_OVER = frozenset((ENODEV, ENOENT, EOPNOTSUPP))  # removed meanwhile; threaded groups


class Members(NamedTuple):
    """The group of each pid, and why not all groups were read (empty if they were)."""

    groups: dict[int, str]
    lack: str


def hierarchies(root: Path) -> list[Path]:
    """Return where hierarchies are mounted below `root`, the best first."""
    base = root / "sys/fs/cgroup"
    first = [base, base / "unified", base / "systemd"]
    try:
        rest = sorted(folder for folder in base.iterdir() if folder.is_dir())
    except OSError:
        rest = []
    return [place for place in dict.fromkeys([*first, *rest]) if (place / _PROCS).exists()]


def parse_members(text: bytes) -> list[int]:
    """Return the pids in cgroup.procs; 0 stands for one of another pid namespace and is left out.

    ValueError if a line is no number.
    """
    return [pid for pid in map(int, text.split()) if pid > 0]


def read_members(hierarchy: Path, groups_max: int) -> Members:
    """Read at most `groups_max` groups of a hierarchy; OSError if its own cannot be read."""
    groups: dict[int, str] = {}
    failures = 0
    for count, folder in enumerate(_walk(str(hierarchy))):
        if count >= groups_max:
            return Members(groups, f"there are more than {groups_max} control groups")
        try:
            with open(f"{folder}/{_PROCS}", "rb") as file:  # noqa: PTH123 - thousands a turn
                pids = parse_members(file.read())
        except (OSError, ValueError) as error:
            if count == 0 and isinstance(error, OSError):
                raise
            failures += getattr(error, "errno", None) not in _PASSED_OVER
            continue
        groups.update(dict.fromkeys(pids, folder[len(str(hierarchy)) :] or "/"))
    return Members(groups, f"{failures} control groups cannot be read" if failures else "")


def _walk(place: str) -> Iterator[str]:
    """Yield a folder and all below it."""
    folders = [place]
    while folders:
        folder = folders.pop()
        yield folder
        try:
            with os.scandir(folder) as entries:
                folders += [e.path for e in entries if e.is_dir(follow_symlinks=False)]
        except OSError:  # it went meanwhile, or its cgroup.procs says the same
            continue
