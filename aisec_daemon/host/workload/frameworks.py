"""AI frameworks: how a loaded library tells of one, and what it is called on PyPI."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Framework:
    """One framework; patterns fit the beginning of a library's base name."""

    name: str
    folders: tuple[bytes, ...]
    distributions: tuple[str, ...]
    strict: re.Pattern[bytes] | None
    versioned: re.Pattern[bytes] | None


@dataclass(frozen=True)
class Frameworks:
    """The data file: words that suffice, words of any use of a GPU, libraries of administrators."""

    suffices: frozenset[str]
    uses: frozenset[str]
    management: re.Pattern[bytes]
    named: dict[str, Framework]
    by_folder: dict[bytes, Framework]


@cache
def frameworks() -> Frameworks:
    """Return the package's list."""
    file = resources.files(__package__).joinpath("frameworks.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    named = {name: _framework(name, entry) for name, entry in content["frameworks"].items()}
    return Frameworks(
        frozenset(content["suffices"]),
        frozenset(content["uses"]),
        re.compile(content["management"].encode()),
        named,
        {folder: each for each in named.values() for folder in each.folders},
    )


def _framework(name: str, entry: dict[str, Any]) -> Framework:
    folders = tuple(folder.encode() for folder in entry["folders"])
    strict, versioned = (_pattern(entry.get(key)) for key in ("strict", "versioned"))
    return Framework(name, folders, tuple(entry["distributions"]), strict, versioned or strict)


def _pattern(text: str | None) -> re.Pattern[bytes] | None:
    return None if text is None else re.compile(text.encode())
