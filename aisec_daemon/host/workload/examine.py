"""Looks at one process: what it has loaded, which script it runs, whose that is."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.maps import parse_loaded, slurp_maps
from aisec_daemon.host.program.image import MAPS_BYTES
from aisec_daemon.host.program.names import names
from aisec_daemon.host.program.rereading import Rereading
from aisec_daemon.host.redaction.redact import redact_path
from aisec_daemon.host.workload.belongs import Owner
from aisec_daemon.host.workload.formats import Mapped, mapped_data
from aisec_daemon.host.workload.loaded import Loaded, understand
from aisec_daemon.host.workload.patience import Patience
from aisec_daemon.host.workload.script import Script, parse_java, parse_python
from aisec_daemon.host.workload.services import Service, services
from aisec_daemon.host.workload.surroundings import Question, Surroundings

_COMMAND_BYTES = 32_768
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE_BYTES = 16  # of a file are read for the price of one of maps, which the kernel writes anew
_LOOK_BYTES = 4096  # what else a look costs, in bytes of maps
_SCRIPT_LENGTH = 256
_IN_SITE = re.compile(r"/(?:site|dist)-packages/")


@dataclass(slots=True)
class Looked:
    """What was seen of one program image.

    `script` is how the label shows what it runs, `child` that another process of the same program
    started it, `owner` the distribution of a service that it belongs to; once found these stay,
    since programs write titles over their arguments. `frameworks` are distributions or libraries
    with their versions, `mapped` files of models and data. `denied` says that its maps may not be
    read, `late` that its file system has not answered in time, `cut` that its maps are too long to
    be read whole.
    """

    identity: ProcessIdentity
    maps: Rereading = field(default_factory=Rereading)
    loaded: Loaded = Loaded()  # noqa: RUF009 - frozen, so that all may share it
    script: str = ""
    child: bool = False
    owner: Owner | None = None
    service: str = ""
    frameworks: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    mapped: tuple[Mapped, ...] = ()
    denied: bool = False
    late: bool = False
    cut: bool = False


class Examiner:
    """Examines processes one after the other. Not safe between threads.

    What is mapped and started is asked of procfs here; files that lie around a process are looked
    at in a thread of its own, since a server of files may not answer.
    """

    def __init__(self) -> None:
        self._surroundings = Patience(Surroundings)
        self._scripts: dict[tuple[str | int | None, ...], Script] = {}

    def turn(self) -> None:
        """Begin a turn: files and titles may have changed since the last one."""
        self._surroundings.turn()
        self._scripts.clear()

    def examine(self, looked: Looked, place: str, *, real: bool) -> int:
        """Look at the process of this folder; return what that cost, in bytes of maps.

        OSError if its maps cannot be read. `real`: links lead to the very files. Another process
        may have come in its place meanwhile.
        """
        text, size = slurp_maps(f"{place}/maps", MAPS_BYTES)
        looked.cut = size >= MAPS_BYTES
        if not looked.cut or not looked.loaded.uses:
            looked.loaded = understand(parse_loaded(text))
        native, interpreter, service = _program(looked.identity.executable or "")
        if not native:
            interpreter = looked.loaded.interpreter or interpreter
        script = self._script(looked.identity, place, interpreter)
        looked.child = looked.child or script.kind == "child"
        looked.service = looked.owner.service if looked.owner else looked.loaded.service
        looked.late = False
        if script.name or native or service or looked.loaded.uses:
            size += _LOOK_BYTES + self._look_around(looked, place, script, service, real)
        elif script.kind == "code":
            looked.script = looked.script or "-c"
        if looked.service or looked.loaded.on_data:
            looked.mapped = mapped_data(text)
        return size

    def _script(self, identity: ProcessIdentity, place: str, interpreter: str) -> Script:
        """Return what an interpreter runs; nothing if it is none.

        To ask for arguments costs half as much as all maps do, and many interpreters of a node were
        forked from another: of one user's, in one container, with equal hashes, one is asked, since
        anybody may write another title over his own. A title that hides them is not kept.
        """
        if not interpreter:
            return Script()
        key = interpreter, identity.command_hash, identity.uid, identity.container
        known = self._scripts.get(key)
        if known is None:
            known = _read_script(place, interpreter)
            if identity.command_hash and known.kind != "child":
                self._scripts[key] = known
        return known

    def _look_around(
        self, looked: Looked, place: str, script: Script, service: Service | None, real: bool
    ) -> int:
        """Ask the files around a process; return what that cost."""
        directory = os.open(place, _DIRECTORY)
        try:
            return self._surrounded(looked, directory, script, service, real)
        finally:
            os.close(directory)

    def _surrounded(
        self, looked: Looked, directory: int, script: Script, service: Service | None, real: bool
    ) -> int:
        folder = b"/"
        with suppress(OSError):
            folder = os.readlink(b"cwd", dir_fd=directory)
        if script.name:
            looked.script = looked.script or _label(script, folder)
        executable = os.fsencode(looked.identity.executable or "")
        question = Question(executable, folder, script, looked.loaded, service, looked.owner, real)
        try:
            answer = self._surroundings.ask(directory, question)
        except TimeoutError:
            looked.late = True
            return 0
        looked.owner = answer.owner
        looked.service = looked.service or answer.service
        looked.frameworks = answer.frameworks
        looked.sites = tuple(_short(site) for site in answer.sites)
        return answer.read_bytes // _FILE_BYTES


@cache
def _python() -> re.Pattern[str]:
    return next(x.executable for x in names().interpreters if x.executable.fullmatch("python3"))


def _is_python(base: str) -> bool:
    return _python().fullmatch(base) is not None


@lru_cache(maxsize=1024)  # many processes run the same one
def _program(path: str) -> tuple[bool, str, Service | None]:
    """Say of an executable whether it is a package's own, which interpreter it is, which service.

    One that lies among packages and is no interpreter runs no script.
    """
    base = path.rpartition("/")[2]
    if _IN_SITE.search(path) is not None and not _is_python(base):
        return True, "", services().by_executable.get(base)
    interpreter = "python" if _is_python(base) else "java" if base == "java" else ""
    return False, interpreter, services().by_executable.get(base)


def _read_script(place: str, interpreter: str) -> Script:
    descriptor = os.open(f"{place}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
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
