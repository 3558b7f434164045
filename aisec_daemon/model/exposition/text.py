"""Words, labels and headers as both formats write them.

Sources: Prometheus exposition formats (text format 0.0.4), OpenMetrics 1.0.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from aisec_daemon.model.exposition.families import Family
from aisec_daemon.model.snapshot import Word

UNKNOWN = "unknown"
_LENGTH = 256  # characters of a label's value
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TEXT_KINDS = {"info": "gauge", "unknown": "untyped"}


class Chunk(NamedTuple):
    """A family and its samples: each line begins with the newline that ends the one before."""

    family: Family
    body: bytes


def shown(word: Word) -> str:
    """Return a word as the page shows it.

    Unread is "unknown"; control characters and lone surrogates become U+FFFD; what is longer than
    256 characters ends in an ellipsis.
    """
    if word is None:
        return UNKNOWN
    if len(word) > _LENGTH:
        word = word[: _LENGTH - 1] + "…"
    return _UNPRINTABLE.sub("\ufffd", word)


def pairs(labels: Iterable[tuple[str, Word]]) -> str:
    """Return labels as they stand between the braces."""
    return ",".join(f'{name}="{_escape(shown(word))}"' for name, word in labels)


def without(constant: Mapping[str, str], names: Iterable[str]) -> list[tuple[str, Word]]:
    """Return the constant labels of a series: those that it has not got itself."""
    own = set(names)
    return [(name, word) for name, word in constant.items() if name not in own]


def samples(
    family: Family,
    values: Iterable[tuple[Mapping[str, Word], float]],
    constant: Mapping[str, str],
) -> Chunk:
    """Render a few samples one by one; what is not finite is left out."""
    fixed = tuple(constant.items())
    lines = [
        f"\n{family.name}{_braces(fixed, tuple(labels.items()))} {float(value)!r}"
        for labels, value in values
        if math.isfinite(value)
    ]
    return Chunk(family, "".join(lines).encode())


@lru_cache(maxsize=2048)
def _braces(constant: tuple[tuple[str, str], ...], labels: tuple[tuple[str, Word], ...]) -> str:
    """Return all labels of a sample in their braces, nothing if there are none."""
    inside = pairs([*without(dict(constant), dict(labels)), *labels])
    return f"{{{inside}}}" if inside else ""


@lru_cache(maxsize=4096)
def header(family: Family, *, openmetrics: bool) -> bytes:
    """Return HELP and TYPE; OpenMetrics names the family without its suffix."""
    kind = family.kind if openmetrics else _TEXT_KINDS.get(family.kind, family.kind)
    name = family.name
    if openmetrics and kind == "counter":
        name = name.removesuffix("_total")
    if openmetrics and kind == "info":
        name = name.removesuffix("_info")
    about = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    if openmetrics:
        about = about.replace('"', '\\"')
    return f"# HELP {name} {about}\n# TYPE {name} {kind}".encode()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
