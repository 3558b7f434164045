"""Listening TCP sockets of AI workloads."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import diag
from aisec_daemon.host.network.addresses import Addresses, read_addresses
from aisec_daemon.host.network.kinship import near_gpus
from aisec_daemon.host.network.listener import Listener, scope_of
from aisec_daemon.host.network.owners import Owners
from aisec_daemon.host.network.socket import LISTEN, TcpSocket
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.host.workload.workload import Workload
from aisec_daemon.host.workload.workloads import Workloads

_LISTENERS_MAX = 4096  # rows at once
_TABLES_MAX = 16  # other network namespaces whose tables are read in one turn
_TURNS_BETWEEN = 6  # looks at what gives no sign of a change

_Sockets = dict[str, frozenset[int] | None]
"""Inodes of the sockets of each process; None where they may not be read."""


@dataclass
class _Namespace:
    """What is known of one: its sockets that listen, whose they are, and what was looked at.

    `owners` is by inode; `seen` are the members and, where they are not ours, their sockets, as
    they were when they were looked at, at turn `read`.
    """

    sockets: dict[int, TcpSocket] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    strangers: frozenset[int] = frozenset()
    seen: object = None
    read: int = -_TURNS_BETWEEN
    denied: int = 0
    addresses: Addresses | None = None


class Listeners:
    """Reads the listening sockets of the processes that `workloads` tells of.

    A socket that is known is not looked at again; a new one is found at the next turn, or, where
    the kernel gives no sign of it, within six. Safe between threads.
    """

    def __init__(
        self, root: Path, workloads: Workloads, processes: Processes, tally: Tally
    ) -> None:
        self._proc = root / "proc"
        self._workloads = workloads
        self._processes = processes
        self._tally = tally
        self._lock = Lock()
        self._owners = Owners(root, tally)
        self._turn = 0
        self._names: dict[str, str] = {}
        self._known: dict[str, _Namespace] = {}
        self._first_seen: dict[str, float] = {}

    def read(self, now: float) -> list[Listener]:
        """Read them all at `now`; UnreadableError if of nobody's sockets anything can be told."""
        workloads = self._workloads.read()
        with self._lock:
            self._turn += 1
            self._owners.turn([one.identity for one in workloads])
            places = self._places(workloads)
            self._known = {name: self._known.get(name, _Namespace()) for name in places}
            for name, members in places.items():
                if not name:
                    self._read_own(self._known[name], members)
            for name, sockets in self._due(places):
                self._read_other(self._known[name], places[name], sockets)
            near = near_gpus(workloads, self._processes.lookup)
            found = [
                each for name in places for each in self._listeners(name, places[name], near, now)
            ]
            denied = sum(known.denied for known in self._known.values())
            if denied and not found:
                raise UnreadableError(
                    "proc", f"the sockets of {denied} processes of AI workloads may not be read"
                )
            self._first_seen = {each.subject: each.first_seen for each in found}
            return found[:_LISTENERS_MAX]

    def _places(self, workloads: Iterable[Workload]) -> dict[str, list[Workload]]:
        """Return the workloads by the name of their network namespace: "" is ours.

        The oldest process comes first: it is the one that a socket of several is said to be of.
        """
        again = not self._turn % _TURNS_BETWEEN
        names: dict[str, str] = {}
        places: dict[str, list[Workload]] = {}
        oldest = sorted(workloads, key=lambda one: (one.identity.start_ticks, one.identity.pid))
        for one in oldest:
            subject = one.identity.subject
            name = None if again else self._names.get(subject)
            if name is None:
                theirs, folder = self._owners.namespace(one.identity)
                name = theirs if folder else ""
            names[subject] = name
            places.setdefault(name, []).append(one)
        self._names = names
        return places

    def _read_own(self, known: _Namespace, members: Sequence[Workload]) -> None:
        """Ask the kernel who listens, and look for the owners of those that are new."""
        begin = time.perf_counter()
        try:
            messages = {diag.inode(each): each for each in diag.dump(states=diag.LISTENING)}
            known.sockets = {
                inode: known.sockets.get(inode) or diag.parse(message)
                for inode, message in messages.items()
            }
        except (OSError, ValueError) as error:
            self._owners.fail("sock_diag", "listen", error)
            self._read_other(known, members, self._sockets(members))
            return
        self._tally.add(Call("sock_diag", "listen", "OK"), seconds=time.perf_counter() - begin)
        who = tuple(one.identity.subject for one in members)
        new = known.sockets.keys() - known.owners.keys() - known.strangers
        late = self._late(known)
        if new or late or who != known.seen:
            sockets = self._sockets(members, anew=late)
            self._settle(known, members, sockets)
            known.seen = who
        known.strangers &= known.sockets.keys()

    def _due(self, places: Mapping[str, Sequence[Workload]]) -> list[tuple[str, _Sockets]]:
        """Return other namespaces whose tables are to be read, those that wait longest first."""
        due = []
        for name, members in places.items():
            if name:
                sockets = self._sockets(members)
                known = self._known[name]
                if self._late(known) or (sockets, len(members)) != known.seen:
                    due.append((name, sockets))
        due.sort(key=lambda one: self._known[one[0]].read)
        return due[:_TABLES_MAX]

    def _read_other(
        self, known: _Namespace, members: Sequence[Workload], sockets: _Sockets
    ) -> None:
        """Read the kernel's tables; what one of them told before is kept where it is unread now."""
        listed, whole = self._owners.tables(self._folder(members))
        found = {each.inode: each for each in listed if each.state == LISTEN}
        known.sockets = found if whole else {**known.sockets, **found}
        self._settle(known, members, sockets)
        known.denied += 0 if whole else len(members)
        known.seen = (sockets, len(members))

    def _settle(self, known: _Namespace, members: Sequence[Workload], sockets: _Sockets) -> None:
        """Say whose each listening socket is, and which addresses there are."""
        known.read = self._turn
        known.denied = sum(inodes is None for inodes in sockets.values())
        owners: dict[int, str] = {}
        for subject, inodes in sockets.items():
            for inode in known.sockets.keys() & (inodes or ()):
                owners.setdefault(inode, subject)
        known.owners = owners
        known.strangers = frozenset(known.sockets.keys() - owners.keys())
        try:
            known.addresses = read_addresses(self._folder(members)) if owners else None
        except (OSError, ValueError) as error:
            self._owners.fail("proc", "addresses", error)
            known.addresses = None

    def _sockets(self, members: Iterable[Workload], *, anew: bool = False) -> _Sockets:
        return {
            one.identity.subject: self._owners.inodes(one.identity, anew=anew) for one in members
        }

    def _late(self, known: _Namespace) -> bool:
        return self._turn - known.read >= _TURNS_BETWEEN

    def _folder(self, members: Sequence[Workload]) -> str:
        return f"{self._proc}/{members[0].identity.pid}"

    def _listeners(
        self, name: str, members: Sequence[Workload], near: frozenset[str], now: float
    ) -> Iterator[Listener]:
        known = self._known[name]
        addresses = known.addresses
        workloads = {one.identity.subject: one for one in members}
        for inode, each in known.sockets.items():
            workload = workloads.get(known.owners.get(inode, ""))
            if workload is None:
                continue
            subject = f"{workload.identity.subject}/{inode}"
            yield Listener(
                workload,
                each,
                own=not name,
                near_gpu=workload.identity.subject in near,
                scope=scope_of(each, addresses, own=not name),
                addresses=addresses,
                first_seen=self._first_seen.get(subject, now),
            )
