"""Which distributions of Python are installed in a site-packages, by their dist-info.

See packaging.python.org, "Recording installed projects" and "Core metadata". The folders are those
of strangers: a file is read without following a link, only if it is a regular one, to a limit.
"""

from __future__ import annotations

import os
import re
import stat
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import NamedTuple

from aisec_daemon.host.beneath import find, read_head, reopen

_ENTRIES_MAX = 20_000  # of a folder
_HEAD_BYTES = 16_384  # of METADATA; the version stands among the first lines
_SCRIPTS_BYTES = 65_536
_KNOWN_SITES = 256
_AGAIN_SECONDS = 10.0  # until a folder that changed is listed again: anybody may touch his own
_INFO = re.compile(r"([A-Za-z0-9][\w.]{0,127})-([^-]{1,64})(?:-.+)?\.(?:dist|egg)-info")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,63}")
_METADATA_VERSION = re.compile(rb"^Version:[ \t]*([^\r\n]{1,64})\r?$", re.MULTILINE)
_SECTION = re.compile(rb"^\[console_scripts\][^\n]*\n(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_SCRIPT = re.compile(rb"^([^\s=\[#]{1,128})[ \t]*=", re.MULTILINE)
_SEPARATORS = re.compile(r"[-_.]+")


class Distribution(NamedTuple):
    """One installed distribution: its version (empty if it tells none we can show), its scripts."""

    version: str
    scripts: frozenset[bytes]


@dataclass(slots=True)
class _Site:
    changed: tuple[int, int]
    listed: float
    folders: dict[str, tuple[str, str]]  # by normalized name: version and name of the dist-info
    read: dict[str, Distribution] = field(default_factory=dict)


class Packages:
    """Reads site-packages folders, each again only if it has changed, and not too often.

    Not safe between threads.
    """

    def __init__(self) -> None:
        self._sites: OrderedDict[tuple[int, ...], _Site] = OrderedDict()

    def find(self, root: int, site: bytes, names: Iterable[str]) -> dict[str, Distribution]:
        """Return those of these distributions that are installed in `site` below the folder `root`.

        OSError if there is no such folder, or it may not be read.
        """
        place = find(root, site)
        try:
            if not stat.S_ISDIR(place.mode):
                raise NotADirectoryError(f"{site!r} is no folder")
            known = self._known(place.descriptor)
            installed = [name for name in names if name in known.folders]
            for name in installed:
                if name not in known.read:
                    known.read[name] = _read(place.descriptor, *known.folders[name])
            return {name: known.read[name] for name in installed}
        finally:
            os.close(place.descriptor)

    def _known(self, folder: int) -> _Site:
        found = os.fstat(folder)
        key = found.st_dev, found.st_ino
        changed = found.st_mtime_ns, found.st_ctime_ns
        known, now = self._sites.get(key), monotonic()
        if known is None or (known.changed != changed and now - known.listed >= _AGAIN_SECONDS):
            known = self._sites[key] = _Site(changed, now, _list(folder))
            if len(self._sites) > _KNOWN_SITES:
                self._sites.popitem(last=False)
        self._sites.move_to_end(key)
        return known


def normalized(name: str) -> str:
    """Return a distribution's name as it is compared."""
    return _SEPARATORS.sub("-", name).lower()


def _list(folder: int) -> dict[str, tuple[str, str]]:
    """List the dist-infos of a folder, at most so many of its entries."""
    descriptor = reopen(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(descriptor) as entries:
            names = [entry.name for entry in islice(entries, _ENTRIES_MAX)]
    finally:
        os.close(descriptor)
    matches = filter(None, map(_INFO.fullmatch, names))
    return {normalized(found[1]): (found[2], found[0]) for found in matches}


def _read(site: int, version: str, name: str) -> Distribution:
    """Read one dist-info: what METADATA says of the version comes before the folder's name."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    text = scripts = b""
    with suppress(OSError):  # an egg-info may be a single file
        folder = os.open(os.fsencode(name), flags, dir_fd=site)
        try:
            for metadata in (b"METADATA", b"PKG-INFO"):
                with suppress(OSError):
                    text = text or read_head(folder, metadata, _HEAD_BYTES)
            with suppress(OSError):
                scripts = read_head(folder, b"entry_points.txt", _SCRIPTS_BYTES)
        finally:
            os.close(folder)
    told = _METADATA_VERSION.search(text.partition(b"\n\n")[0])
    version = told[1].decode("utf-8", "replace").strip() if told else version
    section = _SECTION.search(scripts)
    return Distribution(
        version if _VERSION.fullmatch(version) else "",
        frozenset(_SCRIPT.findall(section[1])) if section else frozenset(),
    )
