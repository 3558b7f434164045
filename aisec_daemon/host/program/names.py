"""What programs call themselves: the package's data file, compiled."""

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
class Interpreter:
    """A kind of program that runs others' programs, and how a true one is told."""

    name: re.Pattern[str]
    executable: re.Pattern[str]
    mapped: re.Pattern[bytes]
    words: tuple[bytes, ...]


@dataclass(frozen=True)
class Names:
    """Kernel threads, interpreters, well-known programs, executables of many names."""

    kernel_thread: re.Pattern[str]
    interpreters: tuple[Interpreter, ...]
    known: frozenset[str]
    many: re.Pattern[str]


@cache
def names() -> Names:
    """Return the package's list."""
    file = resources.files(__package__).joinpath("names.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return Names(
        re.compile("|".join(f"(?:{each})" for each in content["kernel_threads"])),
        tuple(map(_interpreter, content["interpreters"].values())),
        frozenset(content["known"]["names"]),
        re.compile("|".join(content["many"]["executables"])),
    )


def _interpreter(entry: dict[str, Any]) -> Interpreter:
    return Interpreter(
        re.compile(entry["name"]),
        re.compile(entry["executable"]),
        re.compile(entry["mapped"].encode()),
        tuple(word.encode() for word in entry["words"]),
    )
