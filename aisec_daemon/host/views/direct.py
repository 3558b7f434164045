"""A direct look at /proc/PID, which need not be listed to be there."""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.stat import parse_stat

_BYTES = 4096
_TGID = re.compile(rb"^Tgid:\t(\d+)$", re.MULTILINE)


class Sight(Enum):
    """What a look at a number found."""

    PROCESS = "process"
    THREAD = "thread"
    NOTHING = "nothing"
    SOMETHING_ELSE = "something else"  # what is there is not the process of this number
    FORBIDDEN = "forbidden"


class Look(NamedTuple):
    """What was found, and when the process was started, in ticks since boot (-1: unknown)."""

    sight: Sight
    start_ticks: int = -1


def look(proc: Path, pid: int) -> Look:
    """Look at one number below `proc`."""
    try:
        line = _read(proc / str(pid) / "stat")
        group = _TGID.search(_read(proc / str(pid) / "status"))
    except OSError as error:
        return Look(Sight.NOTHING if error.errno in GONE else Sight.FORBIDDEN)
    try:
        start = parse_stat(line).start_ticks
    except ValueError:
        return Look(Sight.SOMETHING_ELSE)
    if group is None or int(line.partition(b" ")[0]) != pid:
        return Look(Sight.SOMETHING_ELSE)
    return Look(Sight.PROCESS if int(group[1]) == pid else Sight.THREAD, start)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _BYTES)
    finally:
        os.close(descriptor)
