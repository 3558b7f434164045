"""Which known libraries a process maps, in words of a fixed vocabulary."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib import resources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PYTHON = re.compile(
    rb"/libpython[0-9.]+[a-z]*\.so|/lib-dynload/|\.cpython-|\.abi3\.so|/(?:site|dist)-packages/"
)


def libraries(paths: Iterable[bytes]) -> frozenset[str]:
    """Return the words that mapped files earn, like `cuda` or `torch`."""
    words = set()
    for path in paths:
        found = library(path)
        if found:
            words.add(found)
        if "python" not in words and of_python(path):
            words.add("python")
    return frozenset(words)


def library(path: bytes) -> str:
    """Return the word that one mapped file earns by its name, empty if it is none that is known."""
    found = _pattern().match(path, path.rfind(b"/") + 1)
    return found.lastgroup or "" if found is not None else ""


def of_python(path: bytes) -> bool:
    """Say whether only an interpreter of Python maps such a file."""
    return _PYTHON.search(path) is not None


@cache
def vocabulary() -> dict[str, str]:
    """Return the pattern of each word, from the package's data file."""
    file = resources.files(__package__).joinpath("libraries.toml")
    groups = tomllib.loads(file.read_text(encoding="utf-8"))
    return {word: pattern for group in groups.values() for word, pattern in group.items()}


@cache
def _pattern() -> re.Pattern[bytes]:
    each = (f"(?P<{word}>{pattern})" for word, pattern in vocabulary().items())
    return re.compile("|".join(each).encode())
