"""Marks of known miners, as the host's own lists find them in a process's words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from aisec_daemon.host.indicators import matcher


def indicators(words: Mapping[str, str]) -> str:
    """Return the label `indicators` of a process with these words."""
    return _found(*(words.get(name, "") for name in ("name", "executable", "command")))


@cache
def _found(name: str, executable: str, command: str) -> str:
    arguments = "".join(f"{argument}\0" for argument in command.split())
    return _lists().match(name.encode(), executable.encode(), arguments.encode())


@cache
def _lists() -> matcher.Matcher:
    return matcher.default()
