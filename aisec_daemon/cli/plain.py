"""`aisec-daemon run` as services write it, understood without the command line's machinery.

Building that takes longer than anything else the daemon needs before it can begin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TAKES = {"--settings": Path, "--listen": str, "--state": Path, "--root": Path}


def options_of_run(words: list[str]) -> dict[str, Any] | None:
    """Return the options of `run`; None for another command, or where there may be a mistake."""
    if words[:1] != ["run"]:
        return None
    options: dict[str, Any] = {}
    left = words[1:]
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name == "--demo" and not equals:
            options["demo"] = True
            continue
        if name not in _TAKES or (not equals and (not left or left[0].startswith("-"))):
            return None
        options[name.removeprefix("--")] = _TAKES[name](value if equals else left.pop(0))
    return options
