"""The TCP sockets of programs on GPUs, or of other processes that somebody tells of."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path
from threading import Lock
from typing import Protocol

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.proc_net import parse_tcp
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.descriptors import read_links, socket_inodes
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.tally import Call, Tally

_SOCKETS_MAX = 4096  # rows at once
_NAMESPACES_MAX = 64  # other network namespaces read in one turn
_TURNS_BETWEEN = 6  # looks at all open files of a program whose number does not change
_TABLE_BYTES = 4 << 20  # of one namespace's table: some 25,000 sockets


@dataclass(frozen=True)
class OwnedSocket:
    """A socket of a process, and the time at which it was first seen there."""

    process: str
    socket: TcpSocket
    first_seen: float


class Members(Protocol):
    """Whoever tells of which processes the sockets are wanted."""

    def members(self) -> list[ProcessIdentity]:
        """Return them; UnreadableError if it cannot be told who they are."""


class Sockets:
    """Reads the sockets of the programs that `programs` tells of. Safe between threads."""

    def __init__(self, root: Path, programs: Members, tally: Tally) -> None:
        self._proc = root / "proc"
        self._programs = programs
        self._tally = tally
        self._lock = Lock()
        self._turn = 0
        self._inodes_known: dict[str, tuple[int, frozenset[int]]] = {}
        self._first_seen: dict[tuple[str, int], float] = {}

    def read(self, now: float) -> list[OwnedSocket]:
        """Read them all at `now`; UnreadableError if of nobody's sockets anything can be told."""
        members = self._programs.members()
        with self._lock:
            self._turn += 1
            alive = {identity.subject for identity in members}
            self._inodes_known = {
                subject: known for subject, known in self._inodes_known.items() if subject in alive
            }
            owned, denied = self._owners(members)
            found = []
            for namespace, owners in list(owned.items())[:_NAMESPACES_MAX]:
                listed, whole = self._listed(namespace, owners)
                found += [self._own(owners[each.inode], each, now) for each in listed]
                denied += 0 if whole else len(set(owners.values()))
            if denied and not found:
                raise UnreadableError("proc", f"the sockets of {denied} programs may not be read")
            found = found[:_SOCKETS_MAX]
            self._first_seen = {
                (each.process, each.socket.inode): each.first_seen for each in found
            }
            return found

    def _own(self, process: str, each: TcpSocket, now: float) -> OwnedSocket:
        return OwnedSocket(process, each, self._first_seen.get((process, each.inode), now))

    def _owners(self, members: Iterable[ProcessIdentity]) -> tuple[dict[str, dict[int, str]], int]:
        """Return, by namespace, whose each socket is; and how many may not be looked at.

        A socket that several processes share is the first one's.
        """
        owned: dict[str, dict[int, str]] = {}
        folders: dict[str, str] = {}
        denied = 0
        for identity in members:
            inodes = self._inodes(identity)
            if inodes is None:
                denied += 1
            elif inodes:
                name, folder = self._namespace(identity)
                mine = owned.setdefault(folders.setdefault(name, folder), {})
                for inode in inodes:
                    mine.setdefault(inode, identity.subject)
        return owned, denied

    def _inodes(self, identity: ProcessIdentity) -> frozenset[int] | None:
        """Return the inodes of a process's sockets; None if its files may not be read.

        While the number of its open files stays the same (Linux 6.2 and later tell it without a
        listing) they are those of the last time, but for every sixth turn.
        """
        folder = f"{self._proc}/{identity.pid}/fd"
        known = self._inodes_known.get(identity.subject)
        must = not (self._turn + identity.pid) % _TURNS_BETWEEN
        try:
            files = os.stat(folder).st_size  # noqa: PTH116 - a Path costs more than the call
            if must or known is None or not files or known[0] != files:
                known = files, socket_inodes(read_links(folder))
        except OSError as error:
            if error.errno in GONE:
                return frozenset()
            self._fail("proc", "fd", error)
            return None
        self._inodes_known[identity.subject] = known
        return known[1]

    def _namespace(self, identity: ProcessIdentity) -> tuple[str, str]:
        """Return the network namespace's name, and a folder to read it in: "" if it is ours."""
        folder = f"{self._proc}/{identity.pid}"
        try:
            theirs = str(Path(f"{folder}/ns/net").readlink())
            ours = str(Path("/proc/self/ns/net").readlink())
        except OSError:
            return folder, folder
        return theirs, "" if theirs == ours else folder

    def _listed(self, namespace: str, owners: Mapping[int, str]) -> tuple[list[TcpSocket], bool]:
        """Return the namespace's sockets that belong to somebody we know, and whether all."""
        if not namespace:
            begin = time.perf_counter()
            try:
                found = [diag.parse(each) for each in diag.dump() if diag.inode(each) in owners]
            except (OSError, ValueError) as error:
                self._fail("sock_diag", "dump", error)
                namespace = "/proc/self"
            else:
                spent = time.perf_counter() - begin
                self._tally.add(Call("sock_diag", "dump", "OK"), seconds=spent)
                return found, True
        tables = [self._table(f"{namespace}/net/{name}") for name in ("tcp", "tcp6")]
        listed = [each for table in tables if table for each in table if each.inode in owners]
        return listed, None not in tables

    def _table(self, path: str) -> list[TcpSocket] | None:
        try:
            return parse_tcp(_slurp(path))
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) in GONE:
                return []  # the process is gone, or there is no IPv6
            self._fail("proc", "net", error)
            return None

    def _fail(self, sensor: str, call: str, error: OSError | ValueError) -> None:
        code = errorcode.get(getattr(error, "errno", None) or 0, "malformed")
        self._tally.add(Call(sensor, call, code))


def _slurp(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts: list[bytes] = []
        size = 0
        while size < _TABLE_BYTES:
            part = os.read(descriptor, 65536)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).rpartition(b"\n")[0]
