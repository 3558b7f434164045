"""The TCP sockets of programs on GPUs, or of other processes that somebody tells of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.owners import Owned, Owners
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.program.file import is_procfs
from aisec_daemon.host.tally import Call, Tally

_SOCKETS_MAX = 4096  # rows at once
_NAMESPACES_MAX = 64  # other network namespaces read in one turn
_LOCAL = frozenset(("", "alg", "netlink", "unix", "unix-stream"))  # they reach no other machine


@dataclass(frozen=True)
class OwnedSocket:
    """A TCP socket of a process, and the time at which it was first seen there."""

    process: str
    socket: TcpSocket
    first_seen: float


@dataclass(frozen=True)
class OtherSocket:
    """A socket that may reach other machines and that no table of TCP lists: no more is known."""

    process: str
    inode: int
    protocol: str
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
        self._owners = Owners(root, tally)
        self._first_seen: dict[tuple[str, int], float] = {}
        self._unlisted: list[tuple[ProcessIdentity, frozenset[int]]] = []
        self._others: dict[tuple[str, int], OtherSocket] = {}

    def read(self, now: float) -> list[OwnedSocket]:
        """Read all of TCP at `now`; UnreadableError if of nobody's anything can be told."""
        members = self._programs.members()
        with self._lock:
            owned = self._owners.find(members)
            found, denied = [], owned.denied
            read: list[tuple[ProcessIdentity, frozenset[int]]] = []
            for namespace in self._namespaces(owned):
                there = owned.members.get(namespace, [])
                listed, whole = self._listed(namespace, owned.subjects)
                found += [self._own(owned.subjects[each.inode], each, now) for each in listed]
                read += there if whole else ()
                denied += 0 if whole else len(there)
            if denied and not found:
                raise UnreadableError("proc", f"the sockets of {denied} programs may not be read")
            known = {each.socket.inode for each in found}
            self._unlisted = [(identity, inodes - known) for identity, inodes in read]
            found = found[:_SOCKETS_MAX]
            self._first_seen = {
                (each.process, each.socket.inode): each.first_seen for each in found
            }
            return found

    def others(self, now: float) -> list[OtherSocket]:
        """Return the sockets of the same processes that the last reading found in no table."""
        with self._lock:
            before, self._others = self._others, {}
            for identity, inodes in self._unlisted:
                keys = {(identity.subject, inode) for inode in inodes}
                new = [inode for _, inode in keys - before.keys()]
                self._others |= {key: before[key] for key in keys & before.keys()}
                for inode, protocol in self._owners.protocols(identity, new).items() if new else ():
                    other = OtherSocket(identity.subject, inode, protocol, now)
                    self._others[identity.subject, inode] = other
            reaching = [each for each in self._others.values() if each.protocol not in _LOCAL]
            return reaching[:_SOCKETS_MAX]

    def _namespaces(self, owned: Owned) -> list[str]:
        """Return where to look: in our own, too, from which sockets may have been taken along.

        Not in our own for a copy of a node, whose inodes are not this machine's.
        """
        others = [name for name in owned.members if name][:_NAMESPACES_MAX]
        ours = "" in owned.members or (others and is_procfs(self._proc))
        return ["", *others] if ours else others

    def _own(self, process: str, each: TcpSocket, now: float) -> OwnedSocket:
        return OwnedSocket(process, each, self._first_seen.get((process, each.inode), now))

    def _listed(self, namespace: str, owners: Mapping[int, str]) -> tuple[list[TcpSocket], bool]:
        """Return the namespace's sockets that belong to somebody we know, and whether all."""
        if not namespace:
            begin = time.perf_counter()
            try:
                found = [diag.parse(each) for each in diag.dump() if diag.inode(each) in owners]
            except (OSError, ValueError) as error:
                self._owners.fail("sock_diag", "dump", error)
                namespace = "/proc/self"
            else:
                spent = time.perf_counter() - begin
                self._tally.add(Call("sock_diag", "dump", "OK"), seconds=spent)
                return found, True
        tables, whole = self._owners.tables(namespace)
        return [each for each in tables if each.inode in owners], whole
