"""Which files hold models or data, by their names."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MAPPED = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) [^/]*(/.*)", re.DOTALL)
_DELETED = b" (deleted)"
_MAPPED_MAX = 1024


class Format(NamedTuple):
    """What a file is: `model` or `dataset`, by which ending or cache, whether only if it is large.

    `folder` is what stands for it where the name of the file itself is just a hash.
    """

    kind: str
    ending: str
    if_large: bool = False
    folder: bytes = b""


class Mapped(NamedTuple):
    """A file of data that a process has mapped, how much of it, and whether it may write it so."""

    path: bytes
    size: int
    writes: bool


@dataclass(frozen=True)
class _Formats:
    endings: dict[bytes, Format]
    large_bytes: int
    caches: tuple[tuple[str, re.Pattern[bytes]], ...]
    programs: re.Pattern[bytes]


def recognise(path: bytes) -> Format | None:
    """Return what a file is by its path; None if it is neither a model nor data."""
    known = _formats()
    found = known.endings.get(path[path.rfind(b".") + 1 :].lower())
    for kind, pattern in known.caches:
        folder = pattern.match(path)
        if folder is not None:
            return Format(kind, found.ending if found else "", folder=folder[1])
    return None if found is None or known.programs.match(path) else found


def large_bytes() -> int:
    """Return from which size on a file of a common ending counts."""
    return _formats().large_bytes


def mapped_data(maps: bytes) -> tuple[Mapped, ...]:
    """Return the files of models and data in the text of /proc/PID/maps, at most so many."""
    files: dict[bytes, Mapped] = {}
    endings = _formats().endings
    for each in maps.split(b"\n"):
        line = each.removesuffix(_DELETED)
        if line[line.rfind(b".") + 1 :].lower() not in endings and b"/blobs/" not in line:
            continue
        found = _MAPPED.fullmatch(line)
        if found is None or recognise(found[4]) is None:
            continue
        if len(files) >= _MAPPED_MAX:
            break
        known = files.get(found[4], Mapped(found[4], 0, writes=False))
        size = known.size + int(found[2], 16) - int(found[1], 16)
        writes = known.writes or found[3][1:2] + found[3][3:4] == b"ws"
        files[found[4]] = Mapped(found[4], size, writes)
    return tuple(files.values())


@cache
def _formats() -> _Formats:
    file = resources.files(__package__).joinpath("formats.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    endings = {}
    for kind in ("model", "dataset"):
        for ending in content["large"][kind]:
            endings[ending.encode()] = Format(kind, ending, if_large=True)
        for ending in content[kind]["extensions"]:
            endings[ending.encode()] = Format(kind, ending)
    folders = "|".join(map(re.escape, content["programs"]["folders"]))
    roots = "|".join(map(re.escape, content["programs"]["roots"]))
    return _Formats(
        endings,
        content["large"]["bytes"],
        tuple(
            (kind, re.compile(pattern.encode()))
            for kind, patterns in content["caches"].items()
            for pattern in patterns
        ),
        re.compile(rf"(?:{roots})|.*(?:{folders})".encode(), re.DOTALL),
    )
