"""The TCP sockets of programs on GPUs, or of other processes that somebody tells of."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.fairly import fairly
from aisec_daemon.host.network.owners import Owned, Owners
from aisec_daemon.host.network.socket import LISTEN, TcpSocket, scope
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.tally import Call, Tally

_SOCKETS_MAX = 4096  # rows at once
_NAMESPACES_MAX = 64  # other network namespaces read in one turn
_TRIES = 3  # members of a namespace by whom it is asked: one may have ended
_NO_INODE = 0
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
        self._programs = programs
        self._tally = tally
        self._lock = Lock()
        self._owners = Owners(root, tally)
        self._first_seen: dict[tuple[str, int], float] = {}
        self._unlisted: list[tuple[ProcessIdentity, frozenset[int]]] = []
        self._cut: set[str] = set()
        self._others: dict[tuple[str, int], OtherSocket] = {}

    def read(self, now: float) -> list[OwnedSocket]:
        """Read all of TCP at `now`; UnreadableError if of nobody's anything can be told."""
        members = self._programs.members()
        with self._lock:
            owned = self._owners.find(members)
            every: dict[int, OwnedSocket] = {}  # a connection by several paths has one inode
            unread: set[str] = set()
            read: list[tuple[ProcessIdentity, frozenset[int]]] = []
            members_of = dict(owned.members)
            for name in self._namespaces(owned):
                there = members_of.pop(name, [])
                listed, whole = self._listed(name, there, owned.subjects)
                for each in listed:
                    every[each.inode] = self._own(owned.subjects[each.inode], each, now)
                if whole:
                    read += there
                else:
                    unread |= {identity.subject for identity, _ in there}
            denied = owned.denied + len(unread)
            if denied and not every:
                raise UnreadableError("proc", f"the sockets of {denied} programs may not be read")
            self._unlisted = [(identity, inodes - every.keys()) for identity, inodes in read]
            found, dropped = fairly(list(every.values()), _SOCKETS_MAX, _process, _matters)
            self._cut = owned.cut | unread | {each.process for each in dropped}
            self._cut |= {who.subject for there in members_of.values() for who, _ in there}
            if dropped:
                self._tally.add(Call("socket", "rows", "dropped"), len(dropped))
            self._first_seen = {
                (each.process, each.socket.inode): each.first_seen for each in found
            }
            return found

    def others(self, now: float) -> list[OtherSocket]:
        """Return the sockets of the same processes that the last reading found in no table.

        One of unknown protocol stands for those of a process that nobody has looked at.
        """
        with self._lock:
            before, self._others = self._others, {}
            for identity, inodes in self._unlisted:
                keys = {(identity.subject, inode) for inode in inodes}
                self._others |= {key: before[key] for key in keys & before.keys()}
                new = [inode for _, inode in keys - before.keys()]
                told = self._owners.protocols(identity, new) if new else {}
                if told is None:
                    self._cut.add(identity.subject)
                for inode, protocol in (told or {}).items():
                    other = OtherSocket(identity.subject, inode, protocol, now)
                    self._others[identity.subject, inode] = other
            for subject in self._cut:
                key = subject, _NO_INODE
                self._others[key] = before.get(key) or OtherSocket(*key, "unknown", now)
            reaching = [each for each in self._others.values() if each.protocol not in _LOCAL]
            return fairly(reaching, _SOCKETS_MAX, _process, lambda _: 0)[0]

    @staticmethod
    def _namespaces(owned: Owned) -> list[str]:
        """Return where to look: in our own, too, from which sockets may have been taken along."""
        others = [name for name in owned.members if name][:_NAMESPACES_MAX]
        return ["", *others] if owned.ours else others

    def _own(self, process: str, each: TcpSocket, now: float) -> OwnedSocket:
        return OwnedSocket(process, each, self._first_seen.get((process, each.inode), now))

    def _listed(
        self,
        namespace: str,
        members: Sequence[tuple[ProcessIdentity, frozenset[int]]],
        owners: Mapping[int, str],
    ) -> tuple[list[TcpSocket], bool]:
        """Return the namespace's sockets that belong to somebody we know, and whether all."""
        if namespace:
            who = [identity for identity, _ in members[:_TRIES]]
            tables, whole = self._owners.tables_of(who)
            return [each for each in tables if each.inode in owners], whole
        begin = time.perf_counter()
        try:
            found = [diag.parse(each) for each in diag.dump() if diag.inode(each) in owners]
        except (OSError, ValueError) as error:
            self._owners.fail("sock_diag", "dump", error)
            tables, whole = self._owners.tables("/proc/self")
            return [each for each in tables if each.inode in owners], whole
        self._tally.add(Call("sock_diag", "dump", "OK"), seconds=time.perf_counter() - begin)
        return found, True


def _process(each: OwnedSocket | OtherSocket) -> str:
    return each.process


def _matters(each: OwnedSocket) -> int:
    """Say which connections to others there are first, then what else, then listeners."""
    if each.socket.state == LISTEN:
        return 2
    return 0 if scope(each.socket.peer) in ("public", "private") else 1
