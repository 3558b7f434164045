"""/proc/PID/io, see proc_pid_io(5)."""

from __future__ import annotations

import re

_FIELDS = re.compile(rb"^rchar: (\d{1,20})\nwchar: (\d{1,20})$", re.MULTILINE)


def parse_io(text: bytes) -> tuple[int, int]:
    """Return bytes read and written by system calls (pages of the cache too); ValueError."""
    found = _FIELDS.search(text)
    if found is None:
        raise ValueError("/proc/PID/io lacks rchar or wchar")
    return int(found[1]), int(found[2])
