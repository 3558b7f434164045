"""Headings: the line of a log that names its fields, and how the lines below are split."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import methodcaller
from typing import NamedTuple

from aisec_daemon.app.traces.columns import QUERY, QUERY_TIMES, QUERY_WORDS

MOST_FIELDS = 512
_PROPERTY = re.compile(rb"\s*([A-Za-z][A-Za-z0-9_.]*)\s*(?:\[[^\[\]]*\])?\s*")
_KNOWN = {*QUERY, *QUERY_WORDS, *QUERY_TIMES} - {"name", "gpu"}


class Heading(NamedTuple):
    """Names of fields, in lower case and without units, and what splits a line into fields."""

    names: list[str]
    split: Callable[[bytes], list[bytes]]


def query_heading(text: bytes) -> Heading | None:
    """Read the heading of `nvidia-smi --query-gpu`: `timestamp, power.draw [W], …`."""
    if _PROPERTY.match(text) is None:
        return None
    matches = [_PROPERTY.fullmatch(field) for field in text.split(b",", MOST_FIELDS)]
    names = [match[1].decode().lower() for match in matches if match]
    if len(names) < len(matches) or _KNOWN.isdisjoint(names):
        return None
    return Heading(names, methodcaller("split", b","))


def monitor_heading(text: bytes) -> Heading | None:
    """Read the heading of dmon or pmon: `# gpu   pwr gtemp …`, with commas by `--format csv`.

    The last field of pmon, the command, may hold spaces.
    """
    marked = text.lstrip()
    if not marked.startswith(b"#") or b"gpu" not in marked:
        return None
    separator = b"," if b"," in marked else None
    fields = marked.lstrip(b"# ").split(separator, MOST_FIELDS)
    names = [field.decode("ascii", "replace").strip().lower() for field in fields]
    if "gpu" not in names or len(names) == 1:
        return None
    most = len(names) - 1 if names[-1] == "command" else -1
    return Heading(names, methodcaller("split", separator, most))
