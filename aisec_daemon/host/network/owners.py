"""Whose a socket is: the open files of processes tell, and their network namespaces."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from errno import errorcode
from pathlib import Path

from aisec_daemon.host.network.proc_net import parse_tcp
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.descriptors import LINKS_MAX, protocols, read_links, socket_inodes
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.tally import Call, Tally

_TURNS_BETWEEN = 6  # looks at all open files of a program whose number does not change
TABLE_BYTES = 4 << 20  # of one namespace's table: some 25,000 sockets


@dataclass(slots=True)
class Owned:
    """The sockets of some processes: the subject of each inode; that of the first if several share.

    `members` are the processes with their inodes by network namespace, which is named by a folder
    to read it in, our own by "". A socket need not be of its process's namespace: it may have been
    handed on, or opened before the namespace was left. `denied` processes may not be looked at.
    """

    subjects: dict[int, str] = field(default_factory=dict)
    members: dict[str, list[tuple[ProcessIdentity, frozenset[int]]]] = field(default_factory=dict)
    denied: int = 0


class Owners:
    """Finds the sockets of processes, by namespace. Not safe between threads."""

    def __init__(self, root: Path, tally: Tally) -> None:
        self._proc = root / "proc"
        self._tally = tally
        self._turn = 0
        self._inodes_known: dict[str, tuple[int, frozenset[int]]] = {}

    def find(self, members: Iterable[ProcessIdentity]) -> Owned:
        """Return whose each socket is, and in which network namespaces to look for them."""
        members = list(members)
        self.turn(members)
        owned = Owned()
        folders: dict[str, str] = {}
        for identity in members:
            inodes = self.inodes(identity)
            if inodes is None:
                owned.denied += 1
            elif inodes:
                name, folder = self.namespace(identity)
                there = owned.members.setdefault(folders.setdefault(name, folder), [])
                there.append((identity, inodes))
                for inode in inodes:
                    owned.subjects.setdefault(inode, identity.subject)
        return owned

    def turn(self, members: Collection[ProcessIdentity]) -> None:
        """Begin a turn, and forget who is not among these."""
        self._turn += 1
        alive = {identity.subject for identity in members}
        self._inodes_known = {k: known for k, known in self._inodes_known.items() if k in alive}

    def namespace(self, identity: ProcessIdentity) -> tuple[str, str]:
        """Return the network namespace's name, and a folder to read it in: "" if it is ours."""
        folder = f"{self._proc}/{identity.folder}"
        try:
            theirs = str(Path(f"{folder}/ns/net").readlink())
            ours = str(Path("/proc/self/ns/net").readlink())
        except OSError:
            return folder, folder
        return theirs, "" if theirs == ours else folder

    def tables(self, folder: str) -> tuple[list[TcpSocket], bool]:
        """Return all sockets of a process's namespace by the kernel's lists, and whether all."""
        tables = [self._table(f"{folder}/net/{name}") for name in ("tcp", "tcp6")]
        return [each for table in tables if table for each in table], None not in tables

    def fail(self, sensor: str, call: str, error: OSError | ValueError) -> None:
        """Count a call that failed."""
        code = errorcode.get(getattr(error, "errno", None) or 0, "malformed")
        self._tally.add(Call(sensor, call, code))

    def inodes(self, identity: ProcessIdentity, *, anew: bool = False) -> frozenset[int] | None:
        """Return the inodes of a process's sockets; None if its files may not be read.

        While the number of its open files stays the same (Linux 6.2 and later tell it without a
        listing) they are those of the last time, but for every sixth turn, or if asked `anew`.
        """
        folder = f"{self._proc}/{identity.folder}/fd"
        known = self._inodes_known.get(identity.subject)
        must = anew or not (self._turn + identity.pid) % _TURNS_BETWEEN
        try:
            files = os.stat(folder).st_size  # noqa: PTH116 - a Path costs more than the call
            if must or known is None or not files or known[0] != files:
                links = read_links(folder)
                if len(links) >= LINKS_MAX:
                    self._tally.add(Call("proc", "fd", "too many"))
                known = files, socket_inodes(links)
        except OSError as error:
            if error.errno in GONE:
                return frozenset()
            self.fail("proc", "fd", error)
            return None
        self._inodes_known[identity.subject] = known
        return known[1]

    def protocols(self, identity: ProcessIdentity, inodes: Collection[int]) -> dict[int, str]:
        """Return the protocols of some of its sockets; none if it is gone or may not be read."""
        try:
            return protocols(f"{self._proc}/{identity.folder}/fd", inodes)
        except OSError as error:
            if error.errno not in GONE:
                self.fail("proc", "fd", error)
            return {}

    def _table(self, path: str) -> list[TcpSocket] | None:
        try:
            return parse_tcp(slurp(path, TABLE_BYTES))
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) in GONE:
                return []  # the process is gone, or there is no IPv6
            self.fail("proc", "net", error)
            return None


def slurp(path: str, limit: int) -> bytes:
    """Read a pseudo-file whole; of one that is longer, the whole lines within the limit."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts: list[bytes] = []
        size = 0
        while size < limit:
            part = os.read(descriptor, 65536)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).rpartition(b"\n")[0]
