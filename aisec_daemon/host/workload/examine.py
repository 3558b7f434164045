"""Looks at one process: what it has loaded, which script it runs, whose that is."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from aisec_daemon.host.beneath import find, reopen
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.maps import parse_loaded, slurp_maps
from aisec_daemon.host.program.image import MAPS_BYTES
from aisec_daemon.host.program.link import contains
from aisec_daemon.host.program.names import names
from aisec_daemon.host.program.rereading import Rereading
from aisec_daemon.host.redaction.redact import redact_path
from aisec_daemon.host.workload.belongs import Ground, Owner, of_path, owner
from aisec_daemon.host.workload.frameworks import frameworks
from aisec_daemon.host.workload.loaded import Loaded, understand
from aisec_daemon.host.workload.packages import Packages
from aisec_daemon.host.workload.script import Script, parse_java, parse_python
from aisec_daemon.host.workload.services import services

_COMMAND_BYTES = 32_768
_FILE_BYTES = 16  # of a file are read for the price of one of maps, which the kernel writes anew
_LOOK_BYTES = 4096  # what else a look costs, in bytes of maps
_KNOWN_FILES = 256
_SCRIPT_LENGTH = 256
_IN_SITE = re.compile(r"/(?:site|dist)-packages/")


@dataclass(slots=True)
class Looked:
    """What was seen of one program image.

    `script` is how the label shows what it runs, `child` that another process of the same program
    started it, `owner` the distribution of a service that it belongs to; once found these stay,
    since programs write titles over their arguments. `frameworks` are distributions or libraries
    with their versions, `denied` says that its maps may not be read.
    """

    identity: ProcessIdentity
    maps: Rereading = field(default_factory=Rereading)
    loaded: Loaded = field(default_factory=Loaded)
    script: str = ""
    child: bool = False
    owner: Owner | None = None
    service: str = ""
    frameworks: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    denied: bool = False


class Examiner:
    """Examines processes one after the other. Not safe between threads."""

    def __init__(self) -> None:
        self._packages = Packages()
        self._marked: dict[tuple[int, ...], bool | None] = {}
        self._owners: dict[tuple[int, int, bytes, Script], Owner | None] = {}

    def turn(self) -> None:
        """Begin a turn: files may have changed since the last one."""
        self._owners.clear()

    def examine(self, looked: Looked, directory: int, *, real: bool) -> int:
        """Look at the process whose folder is open; return what that cost, in bytes of maps.

        OSError if its maps cannot be read. `real`: links lead to the very files.
        """
        text, size = slurp_maps(directory, MAPS_BYTES)
        looked.loaded = understand(parse_loaded(text))
        path = looked.identity.executable or ""
        base = path.rpartition("/")[2]
        native = _IN_SITE.search(path) is not None and not _is_python(base)
        interpreter = "" if native else looked.loaded.interpreter or _interpreter(base)
        script = _script(directory, interpreter)
        service = services().by_executable.get(base)
        looked.child = looked.child or script.kind == "child"
        looked.service = looked.owner.service if looked.owner else looked.loaded.service
        if not (script.name or native or service or looked.loaded.uses):
            looked.script = looked.script or ("-c" if script.kind == "code" else "")
            return size
        try:
            root = os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
        except OSError:
            root = -1
        try:
            looked.owner = self._owner(looked, directory, root, script) or looked.owner
            if looked.owner is not None:
                looked.service = looked.owner.service
            elif service is not None and service.marks and not looked.service:
                marked, read = self._is_marked(directory, root, path, service.marks, real=real)
                looked.service, size = service.word if marked else "", size + read // _FILE_BYTES
            self._describe(looked, root)
        finally:
            if root >= 0:
                os.close(root)
        return size + _LOOK_BYTES

    def _owner(self, looked: Looked, directory: int, root: int, script: Script) -> Owner | None:
        executable = os.fsencode(looked.identity.executable or "")
        if not script.name:
            return of_path(self._packages, root, executable) if root >= 0 else None
        folder = b"/"
        with suppress(OSError):
            folder = os.readlink(b"cwd", dir_fd=directory)
        looked.script = looked.script or _label(script, folder)
        if root < 0:
            return None
        top = os.fstat(root)
        key = (top.st_dev, top.st_ino, folder, script)
        if key not in self._owners:
            ground = Ground(root, folder, executable, looked.loaded.sites)
            self._owners[key] = owner(self._packages, ground, script)
        return self._owners[key]

    def _is_marked(
        self, directory: int, root: int, path: str, marks: tuple[bytes, ...], *, real: bool
    ) -> tuple[bool | None, int]:
        """Say whether the executable's file holds one of these marks; each file is read once."""
        try:
            if real:
                descriptor = os.open("exe", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
            else:
                place = find(root, os.fsencode(path))
                try:
                    descriptor = reopen(place.descriptor) if stat.S_ISREG(place.mode) else -1
                finally:
                    os.close(place.descriptor)
        except OSError:
            return None, 0
        if descriptor < 0:
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

    def _describe(self, looked: Looked, root: int) -> None:
        """Name the frameworks with their versions, and the folders that they lie in."""
        told: dict[str, str] = {}
        sites: list[bytes] = []
        found = looked.owner
        if found is not None and found.distribution:
            told[found.distribution] = f"{found.distribution} {found.version}".rstrip()
            sites.append(found.site)
        for use in looked.loaded.uses:
            name, version = use.name, use.number
            if use.site:
                sites.append(use.site)
                wanted = frameworks().named[use.name].distributions
                with suppress(OSError):
                    installed = self._packages.find(root, use.site, wanted) if root >= 0 else {}
                    for distribution, read in installed.items():
                        name, version = distribution, read.version
                        break
            told.setdefault(name, f"{name} {version}".rstrip())
        looked.frameworks = tuple(sorted(told.values()))
        looked.sites = tuple(_short(site) for site in dict.fromkeys(sites))


@cache
def _python() -> re.Pattern[str]:
    return next(x.executable for x in names().interpreters if x.executable.fullmatch("python3"))


def _is_python(base: str) -> bool:
    return _python().fullmatch(base) is not None


def _interpreter(base: str) -> str:
    return "python" if _is_python(base) else "java" if base == "java" else ""


def _script(directory: int, interpreter: str) -> Script:
    """Read what an interpreter runs; nothing if it is none."""
    if not interpreter:
        return Script()
    descriptor = os.open("cmdline", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        raw = os.read(descriptor, _COMMAND_BYTES)
    finally:
        os.close(descriptor)
    parse = parse_java if interpreter == "java" else parse_python
    return parse(raw.rstrip(b"\0").split(b"\0") if raw else [])


def _label(script: Script, folder: bytes) -> str:
    if script.kind == "module":
        return _short(script.name)
    return _short(os.path.normpath(os.path.join(folder, script.name)))  # noqa: PTH118 - bytes


def _short(path: bytes) -> str:
    text = redact_path(path)
    return text if len(text) <= _SCRIPT_LENGTH else text[: _SCRIPT_LENGTH - 1] + "…"
