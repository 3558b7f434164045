"""The files around a process: whose script it runs, which versions of frameworks it has loaded."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from aisec_daemon.host.beneath import find, reopen
from aisec_daemon.host.program.link import contains
from aisec_daemon.host.workload.belongs import Ground, Owner, of_path, owner
from aisec_daemon.host.workload.frameworks import frameworks
from aisec_daemon.host.workload.loaded import Loaded, Use
from aisec_daemon.host.workload.packages import Packages
from aisec_daemon.host.workload.script import Script
from aisec_daemon.host.workload.services import Service

_KNOWN_FILES = 256


class Question(NamedTuple):
    """What is known of a process from procfs.

    `folder` is the one it works in, `service` what its executable's name may stand for, `owner`
    what was found of it before; `real` says that links of its folder lead to the very files.
    """

    executable: bytes
    folder: bytes
    script: Script
    loaded: Loaded
    service: Service | None
    owner: Owner | None
    real: bool


class Answer(NamedTuple):
    """What its files say; `read_bytes` were read of its executable."""

    owner: Owner | None
    service: str
    frameworks: tuple[str, ...]
    sites: tuple[bytes, ...]
    read_bytes: int


class Surroundings:
    """Looks at files below processes' own roots. Not safe between threads."""

    def __init__(self) -> None:
        self._packages = Packages()
        self._marked: dict[tuple[int, ...], bool | None] = {}
        self._owners: dict[tuple[int, int, bytes, Script], Owner | None] = {}

    def turn(self) -> None:
        """Begin a turn: files may have changed since the last one."""
        self._owners.clear()

    def ask(self, directory: int, question: Question) -> Answer:
        """Look around the process whose folder is open; what cannot be read says nothing."""
        try:
            root = os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
        except OSError:
            return self._answer(question, question.owner, "", -1, 0)
        try:
            found = self._owner(root, question) or question.owner
            service, size = found.service if found else "", 0
            if found is None and question.service is not None and question.service.marks:
                marked, size = self._is_marked(directory, root, question, question.service.marks)
                service = question.service.word if marked else ""
            return self._answer(question, found, service, root, size)
        finally:
            os.close(root)

    def _owner(self, root: int, question: Question) -> Owner | None:
        script = question.script
        if not script.name:
            return of_path(self._packages, root, question.executable)
        top = os.fstat(root)
        key = (top.st_dev, top.st_ino, question.folder, script)
        if key not in self._owners:
            sites = question.loaded.sites
            ground = Ground(root, question.folder, question.executable, sites)
            self._owners[key] = owner(self._packages, ground, script)
        return self._owners[key]

    def _is_marked(
        self, directory: int, root: int, question: Question, marks: tuple[bytes, ...]
    ) -> tuple[bool | None, int]:
        """Say whether the executable's file holds one of these marks; each file is read once."""
        try:
            descriptor = _executable(directory, root, question)
        except OSError:
            return None, 0
        try:
            file = os.fstat(descriptor)
            key = (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns)
            if key in self._marked:
                return self._marked[key], 0
            self._marked[key], size = contains(descriptor, marks)
            if len(self._marked) > _KNOWN_FILES:
                del self._marked[next(iter(self._marked))]
            return self._marked[key], size
        finally:
            os.close(descriptor)

    def _answer(
        self, question: Question, found: Owner | None, service: str, root: int, size: int
    ) -> Answer:
        """Name the frameworks with their versions, and the folders that they lie in."""
        told: dict[str, str] = {}
        sites: list[bytes] = []
        if found is not None and found.distribution:
            told[found.distribution] = f"{found.distribution} {found.version}".rstrip()
            sites.append(found.site)
        for use in question.loaded.uses:
            name, version = self._version(use, root)
            told.setdefault(name, f"{name} {version}".rstrip())
        sites += [use.site for use in question.loaded.uses if use.site]
        names = tuple(sorted(told.values()))
        return Answer(found, service, names, tuple(dict.fromkeys(sites)), size)

    def _version(self, use: Use, root: int) -> tuple[str, str]:
        """Return what a framework is called and its version, by its dist-info or its number."""
        wanted: Iterable[str] = frameworks().named[use.name].distributions
        if use.site and root >= 0:
            with suppress(OSError):
                for name, told in self._packages.find(root, use.site, wanted).items():
                    return name, told.version
        return use.name, use.number


def _executable(directory: int, root: int, question: Question) -> int:
    """Open a process's executable: by its link, or in a copy of a node, below its root."""
    if question.real:
        return os.open("exe", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    place = find(root, question.executable)
    try:
        if not stat.S_ISREG(place.mode):
            raise FileNotFoundError("the executable is no regular file")
        return reopen(place.descriptor)
    finally:
        os.close(place.descriptor)
