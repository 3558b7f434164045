"""AI services: the words for them, and by which files of theirs they are known."""

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
class Service:
    """One service; see the head of the data file."""

    word: str
    distributions: tuple[str, ...]
    modules: tuple[bytes, ...]
    mapped: re.Pattern[bytes] | None
    executables: tuple[str, ...]
    marks: tuple[bytes, ...]
    beside: tuple[bytes, ...]
    imported: tuple[bytes, ...]


@dataclass(frozen=True)
class Services:
    """All of them, and by what they are looked up."""

    all: tuple[Service, ...]
    by_module: dict[bytes, Service]
    by_distribution: dict[str, Service]
    by_executable: dict[str, Service]
    by_import: dict[bytes, Service]

    def mapped(self, name: bytes) -> str:
        """Return the service that a loaded library of this name belongs to, or nothing."""
        for each in self.all:
            if each.mapped is not None and each.mapped.match(name):
                return each.word
        return ""


@cache
def services() -> Services:
    """Return the package's list."""
    file = resources.files(__package__).joinpath("services.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    every = tuple(_service(word, entry) for word, entry in content.items())
    return Services(
        every,
        {module: each for each in every for module in each.modules},
        {name: each for each in every for name in each.distributions},
        {name: each for each in every for name in each.executables},
        {module: each for each in every for module in each.imported},
    )


def _service(word: str, entry: dict[str, Any]) -> Service:
    mapped = entry.get("mapped")
    return Service(
        word,
        tuple(entry.get("distributions", ())),
        _encoded(entry, "modules"),
        None if mapped is None else re.compile(mapped.encode()),
        tuple(entry.get("executables", ())),
        _encoded(entry, "marks"),
        _encoded(entry, "beside"),
        _encoded(entry, "imported"),
    )


def _encoded(entry: dict[str, Any], key: str) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in entry.get(key, ()))
