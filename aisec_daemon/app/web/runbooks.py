"""Runbooks: docs/rules, as they were installed beside the program."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_PLACES = (
    Path(sys.prefix) / "share/doc/aisec-daemon/rules",  # of a wheel
    Path(__file__).parents[3] / "docs/rules",  # of a clone
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def find(rule: str) -> Path | None:
    """Return where a rule's runbook lies; None if there is none, or the name is no rule's."""
    if not _NAME.fullmatch(rule):
        return None
    files = (place / f"{rule}.md" for place in _PLACES)
    return next((file for file in files if file.is_file()), None)
