"""One program image: what is read of it once, and what again as it maps more."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from errno import EFBIG, errorcode

from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.maps import read_maps
from aisec_daemon.host.proc.stat import Image
from aisec_daemon.host.program.digest import Digests
from aisec_daemon.host.program.disguise import Appearance, disguise
from aisec_daemon.host.program.file import ExecutableFile, look_at_executable
from aisec_daemon.host.program.libraries import libraries
from aisec_daemon.host.program.link import holds, leads_to
from aisec_daemon.host.program.names import names
from aisec_daemon.host.program.place import place
from aisec_daemon.host.program.preload import foreign_preload
from aisec_daemon.host.program.rereading import Rereading
from aisec_daemon.host.redaction.redact import redact_path

MAPS_BYTES = 4 << 20  # of one process: some 40,000 mappings, or 1,000 of files with long paths
_COMMAND_BYTES = 4096
_FILE_BYTES = 16  # of a file are read for the price of one of maps, which the kernel writes anew


@dataclass(slots=True)
class ProgramImage:
    """What is known of one image; None is what could not be read.

    `digest` is the SHA-256 of the file, None until it has been read whole, `digest_failed` if it
    cannot be. `maps` remembers when its maps were read.
    """

    image: Image
    file: ExecutableFile | None = None
    libraries: str | None = None
    disguise: str | None = None
    preload: str | None = None
    digest: str | None = None
    digest_failed: bool = False
    maps: Rereading = field(default_factory=Rereading)


def read_executable(known: ProgramImage, directory: int, fail: Fail, *, real: bool) -> None:
    """Look at the executable's file."""
    try:
        known.file = look_at_executable(directory, real=real)
    except OSError as error:
        fail("exe", error)


def read_digest(known: ProgramImage, directory: int, fail: Fail, digests: Digests) -> None:
    """Go on reading the executable's file for its hash, unless that is known or cannot be."""
    if known.digest is not None or known.digest_failed:
        return
    try:
        known.digest = digests.of(directory)
    except OSError as error:
        known.digest_failed = True
        fail("digest", error)


def read_mapped(known: ProgramImage, directory: int, name: bytes, fail: Fail) -> int:
    """Read the maps and judge by them; return what that cost, in bytes of maps.

    Of maps that are too long to be read whole only what was found is known, not what is missing.
    """
    try:
        paths, size = read_maps(directory, MAPS_BYTES)
    except OSError as error:
        fail("maps", error)
        return 0
    whole = size < MAPS_BYTES
    if not whole:
        fail("maps", OSError(EFBIG, "too long"))
    before = () if whole else (known.libraries or "").split()
    found = {*libraries(paths), *before}
    known.libraries = " ".join(sorted(found)) if found or whole else None
    if known.file is None:
        return size
    try:
        preload = redact_path(foreign_preload(directory, paths, known.file.path))
        known.preload = preload if preload or whole else known.preload
    except OSError as error:
        fail("environ", error)
    try:
        arguments = _arguments(directory)
    except OSError as error:
        fail("cmdline", error)
        return size
    text = name.decode("utf-8", "replace")
    seen = Appearance(text, _text(known.file.path), arguments, paths)
    file = _File(directory, known.file)
    known.disguise = disguise(seen, file.holds, file.called)
    if whole and not known.disguise and _replaced(known.file.path, paths):
        known.disguise = "replaced"
    return size + file.bytes_read // _FILE_BYTES


def _replaced(path: bytes, mapped: frozenset[bytes]) -> bool:
    """Say whether nothing of the executable's file is mapped: another program took its place.

    Whatever starts a program maps its file; a loader that works without exec unmaps it again.
    """
    shown = path.replace(b"\n", rb"\012")
    return mapped.isdisjoint((shown, shown + b" (deleted)"))


@dataclass(slots=True)
class _File:
    """A process's executable, as far as `disguise` asks for it."""

    directory: int
    file: ExecutableFile
    bytes_read: int = 0

    def holds(self, words: tuple[bytes, ...]) -> bool | None:
        """Say whether it holds one of these words; None in a copy of a node, which has no files."""
        if self.file.identity is None:
            return None
        answer, size = holds(self.directory, words)
        self.bytes_read += size
        return answer

    def called(self, name: str) -> bool | None:
        """Say whether a name leads to it; a well-known one must do so in a system's folder."""
        path = self.file.path
        trusted = name not in names().known or place(path, gone=False) == "system"
        folders = (os.path.dirname(path),) if trusted else ()  # noqa: PTH120 - bytes
        return leads_to(self.directory, os.fsencode(name), self.file.identity, folders)


Fail = Callable[[str, OSError], None]
"""Notes that a file of the process could not be read."""


def code(error: OSError) -> str:
    """Return an error's name; empty if the process is merely gone."""
    return "" if error.errno in GONE else errorcode.get(error.errno or 0, "EIO")


def _arguments(directory: int) -> tuple[str, ...]:
    descriptor = os.open("cmdline", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        raw = os.read(descriptor, _COMMAND_BYTES)
    finally:
        os.close(descriptor)
    return tuple(_text(raw).rstrip("\0").split("\0"))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
