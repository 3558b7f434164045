"""Programs on GPUs: who they are, and what is read of each."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from aisec_daemon.host.driver import has_driver
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.folder import open_folder
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.io import parse_io
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.proc.stat import (
    FLAGS,
    KERNEL_THREAD,
    STAT_BYTES,
    VIRTUAL_BYTES,
    dead,
    image,
    split,
)
from aisec_daemon.host.program.digest import Digests
from aisec_daemon.host.program.file import is_procfs
from aisec_daemon.host.program.holders import Holders
from aisec_daemon.host.program.image import (
    ProgramImage,
    code,
    read_digest,
    read_executable,
    read_mapped,
)
from aisec_daemon.host.tally import Call, Tally

_TURN_BYTES = 2 << 20  # of maps read in one turn, unless a single process has more
_MEMBERS_SECONDS = 2.0
_NO_IMAGE = (b"", b"", b"", b"", 0)


@dataclass(frozen=True)
class Program:
    """One program now: bytes it read and wrote by system calls so far, and its image."""

    identity: ProcessIdentity
    read_bytes: float
    written_bytes: float
    image: ProgramImage


class Programs:
    """Reads the programs that NVML lists, or that hold a node of its driver.

    The executable is looked at once per program image; its maps too, and again while the program
    maps more, ever more rarely. May be used from several threads.
    """

    def __init__(self, root: Path, nvml: Nvml, processes: Processes, tally: Tally) -> None:
        self._root = root
        self._proc = root / "proc"
        self._nvml = nvml
        self._processes = processes
        self._tally = tally
        self._holders = Holders(self._proc, processes, tally)
        self._lock = Lock()
        self._images: dict[str, ProgramImage] = {}
        self._digests = Digests()
        self._members: list[ProcessIdentity] = []
        self._members_at = -math.inf
        self._turn = 0

    def members(self) -> list[ProcessIdentity]:
        """Return who is on a GPU; UnreadableError if that cannot be told."""
        with self._lock:
            return self._find()

    def read(self) -> list[Program]:
        """Read every program on a GPU; UnreadableError if nobody can tell which those are."""
        with self._lock:
            self._turn += 1
            self._digests.turn()
            members = self._find()
            alive = {identity.subject for identity in members}
            self._images = {key: known for key, known in self._images.items() if key in alive}
            members.sort(key=lambda identity: self._waited(identity.subject))
            left = _TURN_BYTES
            real = is_procfs(self._proc)
            found = []
            for identity in members:
                try:
                    program, size = self._read(identity, left > 0, real=real)
                except (OSError, ValueError):
                    if not identity.thread:
                        continue
                    # Its threads take turns so quickly that none can be read: that much is known.
                    program, size = self._unread(identity), 0
                left -= size
                found.append(program)
            return found

    def digest(self, subject: str) -> str | None:
        """Return the SHA-256 of a process's executable if `read` has learned it; reads nothing."""
        known = self._images.get(subject)
        return None if known is None else known.digest

    def _waited(self, subject: str) -> int:
        known = self._images.get(subject)
        return -1 if known is None else known.maps.turn

    def _find(self) -> list[ProcessIdentity]:
        """Ask NVML, and look who holds a node; an answer is good for a moment.

        Where NVML does not answer, open files tell, if all can be read or no driver is there.
        """
        now = time.monotonic()
        if now - self._members_at < _MEMBERS_SECONDS:
            return list(self._members)
        holders = {identity.pid: identity for identity in self._holders.find()}
        try:
            listed = {p.pid for gpu in self._nvml.read().gpus for p in gpu.processes}
        except UnreadableError as error:
            if self._holders.denied and has_driver(self._root):
                raise UnreadableError(
                    "program", f"nobody tells which programs are on GPUs: {error}"
                ) from error
            listed = set()
        for pid in listed - holders.keys():
            identity = self._processes.lookup(pid)
            if identity is not None:
                holders[pid] = identity
        self._members, self._members_at = list(holders.values()), now
        return list(self._members)

    def _unread(self, identity: ProcessIdentity) -> Program:
        known = self._images.get(identity.subject)
        return Program(identity, math.nan, math.nan, known or ProgramImage(_NO_IMAGE))

    def _read(
        self, identity: ProcessIdentity, may_read_maps: bool, *, real: bool
    ) -> tuple[Program, int]:
        """Read one; OSError or ValueError if it is gone, or no longer who it was."""
        directory = open_folder(self._proc, identity)
        try:
            head, fields = split(_slurp(directory, "stat"))
            known = self._images.get(identity.subject)
            now, ended = image(head, fields), dead(fields)
            if ended and known is None:
                raise ValueError("it has ended: what it ran is not told any more")
            if known is None or (known.image != now and not ended):
                known = self._images[identity.subject] = ProgramImage(now)
            size = 0
            if not ended and not int(fields[FLAGS]) & KERNEL_THREAD:
                mapped = int(fields[VIRTUAL_BYTES])
                name = os.fsencode(identity.name) if identity.thread else head.partition(b" (")[2]
                size = self._read_image(known, directory, name, mapped, may_read_maps, real=real)
            read, written = self._read_io(directory, "../../io" if identity.thread else "io")
            return Program(identity, read, written, known), size
        finally:
            os.close(directory)

    def _read_image(
        self,
        known: ProgramImage,
        directory: int,
        name: bytes,
        mapped: int,
        may_read_maps: bool,
        *,
        real: bool,
    ) -> int:
        if known.file is None:
            read_executable(known, directory, self._fail, real=real)
        if real:  # the links of a copy lead to this machine's files
            read_digest(known, directory, self._fail, self._digests)
        if not may_read_maps or not known.maps.due(self._turn, mapped):
            return 0
        size = read_mapped(known, directory, name, self._fail)
        known.maps.note(self._turn, mapped)
        return size

    def _read_io(self, directory: int, file: str) -> tuple[float, float]:
        try:
            return parse_io(_slurp(directory, file))
        except ValueError:
            self._tally.add(Call("program", "io", "malformed"))
        except OSError as error:
            self._fail("io", error)
        return math.nan, math.nan

    def _fail(self, call: str, error: OSError) -> None:
        told = code(error)
        if told:
            self._tally.add(Call("program", call, told))


def _slurp(directory: int, name: str) -> bytes:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return os.read(descriptor, STAT_BYTES)
    finally:
        os.close(descriptor)
