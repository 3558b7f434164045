"""To which installed distribution of a service a script, a module or an executable belongs."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from aisec_daemon.host.beneath import Place, exists, find, listed, reopen
from aisec_daemon.host.slurp import slurp_open
from aisec_daemon.host.workload.packages import Packages
from aisec_daemon.host.workload.script import Script
from aisec_daemon.host.workload.services import Service, services

_IN_SITE = re.compile(rb"(.*/(?:site|dist)-packages)/([^/]+)")
_PROGRAM = re.compile(rb"(.*)/s?bin/[^/]+")
_PYTHON = re.compile(rb"python3[0-9.]*t?")
_IMPORT = re.compile(rb"^[ \t]*(?:import|from)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_SCRIPT_BYTES = 65_536
_LIBRARIES_MAX = 4096  # entries of a lib folder looked at
_SITES_MAX = 16


@dataclass(frozen=True, slots=True)
class Owner:
    """The service that runs, and the distribution that says so: its name, version and folder."""

    service: str
    distribution: str
    version: str
    site: bytes


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a process stands: its root's descriptor, its working folder, what it has loaded."""

    root: int
    folder: bytes
    executable: bytes
    sites: tuple[bytes, ...]


def owner(packages: Packages, ground: Ground, script: Script) -> Owner | None:
    """Return which service runs, if files of its distribution prove it; None if none is known.

    A file that cannot be read proves nothing.
    """
    with suppress(OSError):
        if script.kind == "file":
            return _of_file(packages, ground, script)
        if script.kind == "module":
            return _of_module(packages, ground, script)
    return None


def of_path(packages: Packages, root: int, path: bytes) -> Owner | None:
    """Return the service that a file which is there, in a site-packages, belongs to."""
    found = _IN_SITE.match(path)
    if found is None:
        return None
    service = services().by_module.get(found[2].partition(b".")[0])
    if service is None:
        return None
    return _installed(packages, root, [found[1]], service)


def _of_file(packages: Packages, ground: Ground, script: Script) -> Owner | None:
    place = find(ground.root, os.path.join(ground.folder, script.name))  # noqa: PTH118 - bytes
    path = place.path
    try:
        text = b"" if _IN_SITE.match(path) else _head(place)
    finally:
        os.close(place.descriptor)
    if _IN_SITE.match(path):
        return of_path(packages, ground.root, path)
    program = _PROGRAM.fullmatch(path)
    found = None
    if program is not None:
        found = _of_entry_point(packages, ground, program[1], os.path.basename(path))  # noqa: PTH119 - bytes
    return found or _beside(ground, path) or _imported(packages, ground, script, text)


def _beside(ground: Ground, path: bytes) -> Owner | None:
    """Return the service whose checkout this script lies in."""
    folder = os.path.dirname(path)  # noqa: PTH120 - bytes
    for service in services().all:
        for file in service.beside:
            if exists(ground.root, folder + b"/" + file):
                return Owner(service.word, "", "", b"")
    return None


def _imported(packages: Packages, ground: Ground, script: Script, text: bytes) -> Owner | None:
    """Return the installed service that a script imports."""
    for module in _IMPORT.findall(text):
        service = services().by_import.get(module)
        if service is not None:
            sites = _unique([*ground.sites, *_sites_of_interpreter(ground, script.program)])
            return _installed(packages, ground.root, sites, service)
    return None


def _head(place: Place) -> bytes:
    """Read the beginning of a script, if it is a regular file."""
    if not stat.S_ISREG(place.mode):
        return b""
    descriptor = reopen(place.descriptor)
    try:
        return slurp_open(descriptor, _SCRIPT_BYTES)
    finally:
        os.close(descriptor)


def _of_entry_point(packages: Packages, ground: Ground, prefix: bytes, name: bytes) -> Owner | None:
    """Find the distribution that has put a script of this name beside its interpreter."""
    for site in _unique([*_sites_of(ground.root, prefix), *ground.sites]):
        with suppress(OSError):
            installed = packages.find(ground.root, site, services().by_distribution)
            for distribution, told in installed.items():
                if name in told.scripts:
                    service = services().by_distribution[distribution]
                    return Owner(service.word, distribution, told.version, site)
    return None


def _of_module(packages: Packages, ground: Ground, script: Script) -> Owner | None:
    top = script.name.partition(b".")[0]
    service = services().by_module.get(top)
    if service is None:
        return None
    sites = [
        site
        for site in _unique([*ground.sites, *_sites_of_interpreter(ground, script.program)])
        if any(exists(ground.root, site + b"/" + top + end) for end in (b"", b".py"))
    ]
    return _installed(packages, ground.root, sites, service)


def _installed(
    packages: Packages, root: int, sites: Iterable[bytes], service: Service
) -> Owner | None:
    for site in sites:
        with suppress(OSError):
            for name, told in packages.find(root, site, service.distributions).items():
                return Owner(service.word, name, told.version, site)
    return None


def _sites_of_interpreter(ground: Ground, program: bytes) -> Iterator[bytes]:
    """Yield the folders of the environment that an interpreter belongs to, by its paths."""
    for path in (program, ground.executable):
        found = _PROGRAM.fullmatch(path)
        if path.startswith(b"/") and found is not None:
            yield from _sites_of(ground.root, found[1])


def _sites_of(root: int, prefix: bytes) -> Iterator[bytes]:
    """Yield the packages folders below an environment's prefix, Debian's own too."""
    for base in dict.fromkeys((prefix, b"/usr/local") if prefix in (b"", b"/usr") else (prefix,)):
        for library in (b"/lib", b"/lib64"):
            with suppress(OSError):
                for name in _pythons(root, base + library):
                    yield base + library + b"/" + name + b"/site-packages"
                    yield base + library + b"/" + name + b"/dist-packages"


def _pythons(root: int, folder: bytes) -> list[bytes]:
    names = listed(root, folder, _LIBRARIES_MAX)
    return sorted(filter(_PYTHON.fullmatch, names), reverse=True)


def _unique(sites: Iterable[bytes]) -> list[bytes]:
    return list(islice(dict.fromkeys(sites), _SITES_MAX))
