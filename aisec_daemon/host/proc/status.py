"""/proc/PID/status, see proc(5)."""

from __future__ import annotations

import re

# The name comes before it, and it escapes newlines: the first line that fits is the kernel's.
_EFFECTIVE_UID = re.compile(rb"^Uid:\t\d+\t(\d+)\t\d+\t\d+$", re.MULTILINE)


def parse_uid(text: bytes) -> int:
    """Return the effective user id; ValueError if the text has none.

    The directory's owner is no substitute: it is root for processes that must not be traced.
    """
    found = _EFFECTIVE_UID.search(text)
    if found is None:
        raise ValueError("/proc/PID/status has no Uid")
    return int(found[1])
