"""What is mounted over processes in /proc, and whether /proc hides those of others.

See proc_pid_mountinfo(5).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.host.redaction.redact import redact_path

_HIDING = frozenset({"2", "4", "invisible", "ptraceable"})
_FIELDS = 5  # of mountinfo before the optional ones, of those that are needed here


class Cover(NamedTuple):
    """A mount over a process's folder in /proc, or over a part of it."""

    pid: int
    place: str
    source: str


def parse_covers(text: str, proc: str) -> list[Cover]:
    """Find mounts over the numbers below `proc` in a mountinfo."""
    pattern = re.compile(re.escape(proc) + r"/(\d+)(?:/.*)?")
    covers = []
    for fields, kind in _mounts(text, f" {proc}/"):
        found = pattern.fullmatch(fields[4])
        if found:
            source = f"{kind[0]} {fields[3]}"
            covers.append(Cover(int(found[1]), _clean(fields[4]), _clean(source)))
    return covers


def parse_hidepid(text: str, proc: str) -> str:
    """Find hidepid= of the last mount at a place, empty if it has none; see proc(5)."""
    value = ""
    for fields, kind in _mounts(text, f" {proc} "):
        if fields[4] == proc:
            options = (kind[2:3] or [""])[0].split(",")
            value = dict(option.partition("=")[::2] for option in options).get("hidepid", "")
    return value


def hides(hidepid: str) -> bool:
    """Tell whether this option leaves out other users' processes."""
    return hidepid in _HIDING


def read_covers(root: Path) -> list[Cover]:
    """Find mounts over processes as we see /proc, and as init does where that may be read; OSError.

    A service's own /proc may lack what is mounted over that of everybody else.
    """
    ours = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    covers = parse_covers(ours, str((root / "proc").resolve()))
    try:
        theirs = (root / "proc/1/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:  # needs CAP_SYS_PTRACE
        return covers
    return list(dict.fromkeys([*covers, *parse_covers(theirs, "/proc")]))


def read_hidepid(root: Path) -> str:
    """Return hidepid= of the mount that `root`/proc is; OSError."""
    text = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    return parse_hidepid(text, str((root / "proc").resolve()))


def _mounts(text: str, place: str) -> list[tuple[list[str], list[str]]]:
    """Split lines that hold `place` into what stands before and behind the dash.

    Nodes with containers have thousands of long lines, and almost none of them does.
    """
    lines = (line.partition(" - ")[::2] for line in text.split("\n") if place in line)
    split = ((mount.split(" "), kind.split(" ")) for mount, kind in lines)
    return [(fields, kind) for fields, kind in split if len(fields) >= _FIELDS]


def _clean(text: str) -> str:
    return redact_path(text.encode("utf-8", "surrogateescape"))
