"""What the libraries that a process has loaded say of its work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from aisec_daemon.host.program.libraries import library, of_python
from aisec_daemon.host.workload.frameworks import frameworks
from aisec_daemon.host.workload.services import services

_DELETED = b" (deleted)"
_SITE = re.compile(rb"(.*?/(?:site|dist)-packages)/([^/]+)(?:/([^/]+))?")
_STANDARD = re.compile(rb"(.*?/python3[0-9.]*t?)/lib-dynload/")
_NUMBERED = re.compile(rb"\.so\.([0-9]{1,8}(?:\.[0-9]{1,8}){0,4})$")
_KNOWN_PATHS, _KNOWN_SETS = 4096, 256
_SITES_MAX = 8


class Use(NamedTuple):
    """A framework that is used: from which site-packages, or else of which number of a file."""

    name: str
    site: bytes
    number: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What all its libraries say together.

    `words` are those of libraries.toml, `suffices` whether one of them alone makes it an AI
    workload, `management` whether it maps what administers GPUs and nothing that uses one,
    `sites` the site-packages folders that they lie in or that belong to the interpreter,
    `interpreter` what interprets the program that runs: `python`, `java` or nothing; `on_data`
    whether it may work on models and data.
    """

    words: frozenset[str] = frozenset()
    suffices: bool = False
    management: bool = False
    uses: tuple[Use, ...] = ()
    sites: tuple[bytes, ...] = ()
    service: str = ""
    interpreter: str = ""
    on_data: bool = False


class _Meaning(NamedTuple):
    word: str
    python: bool
    use: Use | None
    site: bytes
    suffices: bool
    management: bool
    service: str


@lru_cache(_KNOWN_SETS)
def understand(paths: frozenset[bytes]) -> Loaded:
    """Judge by the files that a process maps to execute them; many processes map the same ones."""
    known = [each for each in map(_meaning, paths) if each is not None]
    words = {each.word for each in known if each.word}
    if any(each.python for each in known):
        words.add("python")
    uses: dict[str, Use] = {}
    for use in sorted(each.use for each in known if each.use is not None):
        best = uses.get(use.name)
        if best is None or (use.site and not best.site) or (use.number and not best.number):
            uses[use.name] = use
    used = frameworks().suffices | frameworks().uses
    return Loaded(
        frozenset(words),
        any(each.suffices for each in known),
        any(each.management for each in known) and not words & used,
        tuple(uses.values()),
        tuple(sorted({each.site for each in known if each.site})[:_SITES_MAX]),
        next(iter(sorted(each.service for each in known if each.service)), ""),
        next((word for word in ("python", "java") if word in words), ""),
        bool(words & used),
    )


@lru_cache(_KNOWN_PATHS)
def _meaning(path: bytes) -> _Meaning | None:
    """Say what one file tells, None if nothing."""
    path = path.removesuffix(_DELETED)
    base = path[path.rfind(b"/") + 1 :]
    word, python = library(path), of_python(path)
    management = frameworks().management.match(base) is not None
    service = services().mapped(base)
    if not (word or python or management or service):
        return None
    site, folder_use = _by_folder(path)
    use = folder_use or _by_name(word, base)
    return _Meaning(
        word,
        python,
        use,
        site or _standard_site(path),
        folder_use is not None or _suffices(word, base),
        management,
        service,
    )


def _by_folder(path: bytes) -> tuple[bytes, Use | None]:
    found = _SITE.match(path)
    if found is None:
        return b"", None
    site, top, second = found[1], found[2].partition(b".")[0], found[3] or b""
    by_folder = frameworks().by_folder
    framework = by_folder.get(top) or by_folder.get(top + b"/" + second)
    return site, None if framework is None else Use(framework.name, site, "")


def _standard_site(path: bytes) -> bytes:
    """Return where an interpreter of this standard library has its packages."""
    found = _STANDARD.match(path)
    return found[1] + b"/site-packages" if found else b""


def _by_name(word: str, base: bytes) -> Use | None:
    framework = frameworks().named.get(word)
    if framework is None or (framework.versioned and not framework.versioned.match(base)):
        return None
    number = _NUMBERED.search(base)
    return Use(framework.name, b"", number[1].decode() if number else "")


def _suffices(word: str, base: bytes) -> bool:
    framework = frameworks().named.get(word)
    if framework is not None and framework.strict and not framework.strict.match(base):
        return False
    return word in frameworks().suffices
