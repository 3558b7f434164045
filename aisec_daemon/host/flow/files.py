"""The models and datasets that a process has open or mapped."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from aisec_daemon.host.flow.opened import Opened, read_opened, size_of
from aisec_daemon.host.flow.seen import READ, WRITE, Target, folder_and_name
from aisec_daemon.host.flow.storage import Storage, storage
from aisec_daemon.host.proc.folder import open_folder
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.mountinfo import MOUNTINFO_BYTES, MountTree, parse_mountinfo
from aisec_daemon.host.program.file import is_procfs
from aisec_daemon.host.redaction.redact import redact_path
from aisec_daemon.host.slurp import slurp
from aisec_daemon.host.workload.formats import Format, Mapped, large_bytes, recognise

_LINKS_MAX = 4096  # of one process
_TURN_LINKS = 32768
_TURN_MOUNTS_BYTES = 8 << 20


class File(NamedTuple):
    """A file that is open or mapped: what it belongs to, its name there, its size (NaN: unread).

    Names are redacted, so that several files may bear one; `key` tells them apart.
    """

    target: Target
    name: str
    key: bytes
    direction: int
    size: float


class Listed(NamedTuple):
    """The files of one process, and how many of its open files nobody looked at (NaN: unknown)."""

    files: list[File]
    unread: float


class Files:
    """Reads them process by process, within a budget of links a turn. Not safe between threads."""

    def __init__(self, proc: Path) -> None:
        self._proc = proc
        self._real = False
        self._left = 0
        self._mounts_left = 0
        self._mounts: dict[bytes, MountTree] = {}

    def turn(self) -> None:
        """Begin a turn: mounts are read anew."""
        self._real = is_procfs(self._proc)
        self._left = _TURN_LINKS
        self._mounts_left = _TURN_MOUNTS_BYTES
        self._mounts.clear()

    def read(self, identity: ProcessIdentity, mapped: Sequence[Mapped]) -> Listed:
        """Read those of one process; OSError if they may not be read, or if it is gone."""
        folder = open_folder(self._proc, identity)
        try:
            listing = read_opened(folder, min(_LINKS_MAX, self._left), real=self._real)
            self._left -= listing.links
            unread = 0.0
            if not listing.whole:
                unread = self._number_of(folder) - listing.links
            mounts = self._mounts_of(folder) if listing.files or mapped else MountTree(())
            opened = self._opened(folder, _merged(listing.files), mounts)
            return Listed([*opened, *self._mapped(mapped, mounts)], unread)
        finally:
            os.close(folder)

    def _number_of(self, folder: int) -> float:
        """Return how many files are open: Linux 6.2 and later tell; NaN before."""
        size = os.stat("fd", dir_fd=folder).st_size if self._real else 0
        return float(size) if size else math.nan

    def _opened(self, folder: int, files: Iterable[Opened], mounts: MountTree) -> Iterator[File]:
        for each in files:
            where = storage(mounts.of(each.path))
            size = math.nan
            if self._real and where.may_be_asked:
                size = float(size_of(folder, each.number) or 0)
            if each.format.if_large and size < large_bytes():
                continue
            direction = READ * each.reads | WRITE * each.writes
            yield _file(each.path, each.format, where, direction, size)

    def _mapped(self, files: Iterable[Mapped], mounts: MountTree) -> Iterator[File]:
        for each in files:
            found = recognise(each.path)
            if found is None or (found.if_large and each.size < large_bytes()):
                continue
            where = storage(mounts.of(each.path))
            direction = READ | WRITE * each.writes
            yield _file(each.path, found, where, direction, float(each.size))

    def _mounts_of(self, folder: int) -> MountTree:
        """Return a process's mounts; those of one mount namespace are asked once a turn.

        None of them where a turn has read too many already.
        """
        try:
            namespace = os.readlink(b"ns/mnt", dir_fd=folder)
        except OSError:
            namespace = b"%d" % os.fstat(folder).st_ino
        mounts = self._mounts.get(namespace)
        if mounts is None:
            text = b""
            if self._mounts_left > 0:
                with suppress(OSError):
                    text = slurp("mountinfo", MOUNTINFO_BYTES, folder)
            self._mounts_left -= len(text)
            mounts = self._mounts[namespace] = MountTree(parse_mountinfo(text))
        return mounts


def _merged(files: Iterable[Opened]) -> Iterable[Opened]:
    """Return each path once, with what all its descriptors may do."""
    merged: dict[bytes, Opened] = {}
    for each in files:
        known = merged.setdefault(each.path, each)
        reads, writes = known.reads or each.reads, known.writes or each.writes
        merged[each.path] = known._replace(reads=reads, writes=writes)
    return merged.values()


def _file(path: bytes, found: Format, where: Storage, direction: int, size: float) -> File:
    place, name = folder_and_name(redact_path(path))
    key = blake2b(path, digest_size=8).digest()
    target = Target(found.kind, place, found.ending, where)
    if found.folder:  # the names in it are hashes: it is told as a whole
        target = Target(found.kind, redact_path(found.folder), "", where)
    return File(target, name, key, direction, size)
