"""Which script or module an interpreter runs, by its arguments: see python(1), java(1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_TAKE_VALUES = b"WX"  # letters of options whose value follows, attached or not
_ENDS = {b"c": "code", b"m": "module"}
_LONG_WITH_VALUE = b"--check-hash-based-pycs"
_SERVERS = frozenset((b"gunicorn", b"uvicorn", b"hypercorn", b"daphne", b"granian"))
_APPLICATION = re.compile(rb"([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_][\w.]*(?:\(.*\))?", re.DOTALL)
_CHILD = re.compile(rb"from multiprocessing\.\w+ import ")
_PYTHON = re.compile(rb"(?:.*/)?-?(?:python|pypy)[0-9.]*t?")
_IN_SITE = re.compile(rb"/(?:site|dist)-packages/")


class Script(NamedTuple):
    """What runs: a `file`, a `module` or `code`; empty if the arguments do not tell.

    A `child` was started by another process of the same program. `name` is the path or the dotted
    name of a module, `program` the first argument.
    """

    kind: str = ""
    name: bytes = b""
    program: bytes = b""


def parse_python(arguments: Sequence[bytes]) -> Script:
    """Find what an interpreter of Python runs."""
    if not arguments:
        return Script()
    program, rest = arguments[0], list(arguments[1:])
    if not rest and not _PYTHON.fullmatch(program):
        return Script("child")  # it has written a title over its arguments
    found = _scan(rest)
    base = found.name.rpartition(b"/")[2]
    if (found.kind == "file" and base in _SERVERS) or (found.kind == "module" and base in _SERVERS):
        application = next(filter(None, map(_APPLICATION.fullmatch, rest)), None)
        if application is not None:
            return Script("module", application[1], program)
    return found._replace(program=program)


def parse_java(arguments: Sequence[bytes]) -> Script:
    """Find the archive that Java runs: one that lies in a site-packages, else that of -jar."""
    for argument in arguments[1:]:
        for part in argument.split(b":"):
            if _IN_SITE.search(part):
                return Script("file", part, arguments[0])
    for option, value in pairwise(arguments):
        if option == b"-jar":
            return Script("file", value, arguments[0])
    return Script("", b"", arguments[0] if arguments else b"")


def _scan(rest: list[bytes]) -> Script:
    """Pass over the interpreter's options."""
    while rest:
        word = rest.pop(0)
        if word == b"-" or not word:
            return Script("code") if word else Script()
        if word == b"--":
            return Script("file", rest[0]) if rest else Script()
        if word.startswith(b"--"):
            if word == _LONG_WITH_VALUE and rest:
                rest.pop(0)
            continue
        if not word.startswith(b"-"):
            return Script("file", word)
        found = _cluster(word[1:], rest)
        if found is not None:
            return found
    return Script()


def _cluster(letters: bytes, rest: list[bytes]) -> Script | None:
    """Read one word of single letters; None if it does not say what runs."""
    for at in range(len(letters)):
        letter = letters[at : at + 1]
        if letter in _ENDS:
            value = letters[at + 1 :] or (rest[0] if rest else b"")
            if letter == b"m":
                return Script("module", value)
            return Script("child" if _CHILD.match(value) else "code")
        if letter in _TAKE_VALUES:
            if not letters[at + 1 :] and rest:
                rest.pop(0)
            return None
    return None
