"""Whose a socket is: the open files of processes tell, and their network namespaces."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from errno import errorcode
from pathlib import Path

from aisec_daemon.host.network.proc_net import parse_tcp
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.descriptors import (
    LINKS_MAX,
    other_folders,
    protocols,
    read_links,
    socket_inodes,
)
from aisec_daemon.host.proc.folder import folder_of
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.program.file import is_procfs
from aisec_daemon.host.slurp import slurp
from aisec_daemon.host.tally import Call, Tally

_TURNS_BETWEEN = 6  # looks at all open files of a program whose number does not change
_TURN_LINKS = 1 << 17  # followed in one turn, unless a single process has more
TABLE_BYTES = 4 << 20  # of one namespace's table: some 25,000 sockets


@dataclass(slots=True)
class Owned:
    """The sockets of some processes: the subject of each inode; that of the first if several share.

    `members` are the processes with their inodes by network namespace, our own called "". A socket
    need not be of its process's namespace: it may have been handed on, or opened before the
    namespace was left; so ours is asked, too (`ours`), but for a copy of a node. `denied` processes
    may not be looked at; of those in `cut`, they among them, not all is known.
    """

    subjects: dict[int, str] = field(default_factory=dict)
    members: dict[str, list[tuple[ProcessIdentity, frozenset[int]]]] = field(default_factory=dict)
    denied: int = 0
    cut: set[str] = field(default_factory=set)
    ours: bool = False


class Owners:
    """Finds the sockets of processes, by namespace. Not safe between threads."""

    def __init__(self, root: Path, tally: Tally) -> None:
        self._proc = root / "proc"
        self._tally = tally
        self._real = False
        self._turn = 0
        self._left = 0
        self._inodes_known: dict[str, tuple[int, frozenset[int]]] = {}
        self._cut: set[str] = set()

    def find(self, members: Iterable[ProcessIdentity]) -> Owned:
        """Return whose each socket is, and in which network namespaces to look for them."""
        members = list(members)
        self.turn(members)
        owned = Owned()
        for identity in members:
            inodes = self.inodes(identity)
            if inodes is None:
                owned.denied += 1
                owned.cut.add(identity.subject)
            elif inodes:
                name, folder = self.namespace(identity)
                there = owned.members.setdefault(name if folder else "", [])
                there.append((identity, inodes))
                for inode in inodes:
                    owned.subjects.setdefault(inode, identity.subject)
        owned.cut |= self._cut
        owned.ours = self._real and bool(owned.subjects)
        return owned

    def turn(self, members: Collection[ProcessIdentity]) -> None:
        """Begin a turn, and forget who is not among these."""
        self._turn += 1
        self._left = _TURN_LINKS
        self._real = is_procfs(self._proc)
        alive = {identity.subject for identity in members}
        self._inodes_known = {k: known for k, known in self._inodes_known.items() if k in alive}
        self._cut &= alive

    def namespace(self, identity: ProcessIdentity) -> tuple[str, str]:
        """Return the network namespace's name, and a folder to read it in: "" if it is ours.

        In a copy of a node none is.
        """
        folder = folder_of(self._proc, identity)
        try:
            theirs = str(Path(f"{folder}/ns/net").readlink())
            ours = str(Path("/proc/self/ns/net").readlink())
        except OSError:
            return folder, folder
        return theirs, "" if self._real and theirs == ours else folder

    def tables(self, folder: str) -> tuple[list[TcpSocket], bool]:
        """Return all sockets of a process's namespace by the kernel's lists, and whether all."""
        four, whole = self._table(f"{folder}/net/tcp")
        six, also = self._table(f"{folder}/net/tcp6")
        return four + six, whole and also

    def tables_of(self, members: Iterable[ProcessIdentity]) -> tuple[list[TcpSocket], bool]:
        """Return the same by the first of some members of a namespace who is still there."""
        listed: list[TcpSocket] = []
        whole = False
        for identity in members:
            listed, whole = self.tables(folder_of(self._proc, identity))
            if whole:
                break
        return listed, whole

    def fail(self, sensor: str, call: str, error: OSError | ValueError) -> None:
        """Count a call that failed."""
        code = errorcode.get(getattr(error, "errno", None) or 0, "malformed")
        self._tally.add(Call(sensor, call, code))

    def inodes(self, identity: ProcessIdentity, *, anew: bool = False) -> frozenset[int] | None:
        """Return the inodes of a process's sockets; None if its files may not be read.

        While the number of its open files stays the same (Linux 6.2 and later tell it without a
        listing) they are those of the last time, but for every sixth turn, or if asked `anew`.
        """
        folder = f"{folder_of(self._proc, identity)}/fd"
        known = self._inodes_known.get(identity.subject)
        must = anew or not (self._turn + identity.pid) % _TURNS_BETWEEN
        try:
            files = os.stat(folder).st_size  # noqa: PTH116 - a Path costs more than the call
            if must or known is None or not files or known[0] != files:
                if self._left <= 0:
                    self._leave_out(identity, "late")
                    return known[1] if known else frozenset()
                known = files, self._sockets(identity, folder, files)
        except OSError as error:
            if error.errno in GONE:
                return frozenset()
            self.fail("proc", "fd", error)
            return None
        self._inodes_known[identity.subject] = known
        return known[1]

    def _sockets(self, identity: ProcessIdentity, folder: str, files: int) -> frozenset[int]:
        """Follow the links of its open files; threads may have files of their own."""
        self._cut.discard(identity.subject)
        tasks = f"{self._proc}/{identity.pid}/task"
        links = read_links(folder)
        for each in other_folders(tasks, files):
            with suppress(OSError):  # the thread has ended
                links += read_links(each)
        self._left -= len(links)
        if len(links) >= LINKS_MAX:
            self._leave_out(identity, "too many")
        return socket_inodes(links)

    def _leave_out(self, identity: ProcessIdentity, code: str) -> None:
        self._cut.add(identity.subject)
        self._tally.add(Call("proc", "fd", code))

    def protocols(
        self, identity: ProcessIdentity, inodes: Collection[int]
    ) -> dict[int, str] | None:
        """Return the protocols of some of its sockets; None if they cannot be asked for now."""
        if self._left <= 0:
            return None
        folder = f"{folder_of(self._proc, identity)}/fd"
        try:
            files = os.stat(folder).st_size  # noqa: PTH116 - as above
            self._left -= max(files, len(inodes))
            found = protocols(folder, inodes)
            for each in other_folders(f"{self._proc}/{identity.pid}/task", files):
                with suppress(OSError):  # the thread has ended
                    found |= protocols(each, inodes)
        except OSError as error:
            if error.errno in GONE:
                return {}
            self.fail("proc", "fd", error)
            return None
        return found

    def _table(self, path: str) -> tuple[list[TcpSocket], bool]:
        """Return what one list says, and whether that is all."""
        try:
            text = slurp(path, TABLE_BYTES)
            if len(text) < TABLE_BYTES:
                return parse_tcp(text), True
            self._tally.add(Call("proc", "net", "too many"))
            return parse_tcp(text.rpartition(b"\n")[0]), False
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) in GONE:
                # There is no IPv6, or a copy has no table; else the process went.
                return [], path.endswith("6") or not self._real
            self.fail("proc", "net", error)
            return [], False
