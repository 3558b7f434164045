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
from aisec_daemon.host.network.owners import Owners
from aisec_daemon.host.network.socket import TcpSocket
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.tally import Call, Tally

_SOCKETS_MAX = 4096  # rows at once
_NAMESPACES_MAX = 64  # other network namespaces read in one turn


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
        self._programs = programs
        self._tally = tally
        self._lock = Lock()
        self._owners = Owners(root, tally)
        self._first_seen: dict[tuple[str, int], float] = {}

    def read(self, now: float) -> list[OwnedSocket]:
        """Read them all at `now`; UnreadableError if of nobody's sockets anything can be told."""
        members = self._programs.members()
        with self._lock:
            owned, denied = self._owners.find(members)
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
