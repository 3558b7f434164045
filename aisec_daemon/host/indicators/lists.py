"""The lists of indicators: a TOML file of the package, and one of the operator's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEYS: dict[str, tuple[str, dict[str, type]]] = {
    "name": ("name", {"generic": bool}),
    "argument": ("id", {"pattern": str, "means": str, "strength": str, "hints": list}),
    "file": ("name", {}),
    "pool": ("host", {}),
    "reader": ("name", {}),
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATTERN_LENGTH = 4096
_STRENGTHS = ("strong", "weak", "common")


class IndicatorsError(ValueError):
    """A list that cannot be used; the message names the entry and what is wrong with it."""


@dataclass(frozen=True)
class Argument:
    """A pattern of arguments: strong, or weak or common, which count beside other pieces only.

    If there are hints, one of them stands in every text that matches, in lower case.
    """

    id: str
    pattern: re.Pattern[str]
    strength: str
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lists:
    """What is looked for: names in lower case, and whether each is generic; patterns; hosts.

    `readers` are programs of the system whose arguments are what to look at, not what to do.
    """

    names: Mapping[str, bool]
    arguments: tuple[Argument, ...]
    files: frozenset[str]
    pools: frozenset[str]
    readers: frozenset[str]

    def with_more(self, more: Lists) -> Lists:
        """Return both together; where they disagree on an id, the other's word holds."""
        replaced = {argument.id for argument in more.arguments}
        kept = tuple(mine for mine in self.arguments if mine.id not in replaced)
        return Lists(
            {**self.names, **more.names},
            (*kept, *more.arguments),
            self.files | more.files,
            self.pools | more.pools,
            self.readers | more.readers,
        )


def parse(text: str) -> Lists:
    """Parse a list; IndicatorsError names the first entry that is wrong."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise IndicatorsError(f"no TOML: {error}") from error
    sources = content.pop("sources", {})
    unknown = content.keys() - _KEYS.keys()
    if unknown or not isinstance(sources, dict):
        raise IndicatorsError(
            f"{min(unknown, default='sources')}: there are tables [sources] and lists "
            f"{', '.join(f'[[{kind}]]' for kind in _KEYS)}"
        )
    found = {kind: list(_entries(kind, content.get(kind, []), sources)) for kind in _KEYS}
    return Lists(
        {entry["name"].lower(): entry.get("generic", False) for entry in found["name"]},
        tuple(_argument(entry) for entry in found["argument"]),
        frozenset(entry["name"].lower() for entry in found["file"]),
        frozenset(entry["host"].lower() for entry in found["pool"]),
        frozenset(entry["name"] for entry in found["reader"]),
    )


def read(file: Path) -> Lists:
    """Read an operator's list; IndicatorsError if it cannot be read or used."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise IndicatorsError(f"{file}: {error.strerror}") from error
    except (IndicatorsError, UnicodeDecodeError) as error:
        raise IndicatorsError(f"{file}: {error}") from error


@cache
def builtin() -> Lists:
    """Return the package's own lists."""
    file = resources.files(__package__).joinpath("miners.toml")
    return parse(file.read_text(encoding="utf-8"))


def _entries(kind: str, entries: Any, sources: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Check the entries of one list."""
    if not isinstance(entries, list):
        raise IndicatorsError(f"{kind}: write [[{kind}]]")
    key, more = _KEYS[kind]
    types = {key: str, "source": str, **more}
    for number, entry in enumerate(entries, 1):
        place = f"{kind} {number}"
        if not isinstance(entry, dict):
            raise IndicatorsError(f"{place}: write [[{kind}]]")
        for name, value in entry.items():
            if name not in types:
                raise IndicatorsError(f"{place}: {name}: no such key; there are {_words(types)}")
            if not isinstance(value, types[name]):
                raise IndicatorsError(f"{place}: {name}: is no {types[name].__name__}")
        if not _ID.fullmatch(entry.get(key, "")):
            raise IndicatorsError(
                f"{place}: {key}: give letters, digits, dot, hyphen, underscore, at most 64"
            )
        if entry.get("source", "") not in sources:
            raise IndicatorsError(f"{place} ({entry[key]}): source: not in [sources]")
        yield entry


def _argument(entry: Mapping[str, Any]) -> Argument:
    pattern = entry.get("pattern", "")
    if not 0 < len(pattern) <= _PATTERN_LENGTH:
        raise IndicatorsError(f"argument {entry['id']}: pattern: give 1 to {_PATTERN_LENGTH} signs")
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except (re.error, RecursionError) as error:
        raise IndicatorsError(f"argument {entry['id']}: pattern: {error}") from error
    if compiled.search(""):
        raise IndicatorsError(f"argument {entry['id']}: pattern: matches every program")
    strength = entry.get("strength", _STRENGTHS[0])
    if strength not in _STRENGTHS:
        raise IndicatorsError(f"argument {entry['id']}: strength: give {' or '.join(_STRENGTHS)}")
    hints = entry.get("hints", [])
    if not all(isinstance(hint, str) and hint and hint == hint.lower() for hint in hints):
        raise IndicatorsError(f"argument {entry['id']}: hints: give words in lower case")
    return Argument(entry["id"], compiled, strength, tuple(hints))


def _words(types: Mapping[str, type]) -> str:
    return ", ".join(types)
