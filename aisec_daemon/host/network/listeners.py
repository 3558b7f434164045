"""Listening TCP sockets of AI workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network.fairly import fairly
from aisec_daemon.host.network.kinship import near_gpus
from aisec_daemon.host.network.listener import Listener, scope_of
from aisec_daemon.host.network.namespace import TURNS_BETWEEN, Inodes, Namespace
from aisec_daemon.host.network.owners import Owners
from aisec_daemon.host.proc.folder import folder_of
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.host.workload.workload import Workload
from aisec_daemon.host.workload.workloads import Workloads

_LISTENERS_MAX = 4096  # rows at once
_TABLES_MAX = 16  # other network namespaces whose tables are read in one turn

_Places = Mapping[str, Sequence[Workload]]
"""Workloads by the name of their network namespace: "" is ours."""


class Listeners:
    """Reads the listening sockets of the processes that `workloads` tells of.

    A socket that is known is not looked at again. Safe between threads.
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
        self._known: dict[str, Namespace] = {}
        self._first_seen: dict[str, float] = {}

    def read(self, now: float) -> list[Listener]:
        """Read them all at `now`; UnreadableError if of nobody's sockets anything can be told."""
        workloads = self._workloads.read()
        with self._lock:
            self._turn += 1
            self._owners.turn([one.identity for one in workloads])
            places = self._places(workloads)
            self._look(places)
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
            shown, dropped = fairly(found, _LISTENERS_MAX, _owner, _matters)
            if dropped:
                self._tally.add(Call("listener", "rows", "dropped"), len(dropped))
            return shown

    def _places(self, workloads: Iterable[Workload]) -> _Places:
        """Return where the workloads are; the oldest first: a socket of several is said its own."""
        again = not self._turn % TURNS_BETWEEN
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

    def _look(self, places: _Places) -> None:
        """Look at our namespace, and at those of others that wait longest."""
        known = self._known
        self._known = {
            name: known.get(name) or Namespace(self._owners, self._tally) for name in places
        }
        due: list[tuple[int, str, Inodes]] = []
        for name, namespace in self._known.items():
            members = [one.identity for one in places[name]]
            if not name:
                namespace.read_own(self._turn, members, folder_of(self._proc, members[0]))
            elif (inodes := namespace.due(self._turn, members)) is not None:
                due.append((namespace.read, name, inodes))
        due.sort(key=lambda one: one[:2])
        for _, name, inodes in due[:_TABLES_MAX]:
            members = [one.identity for one in places[name]]
            folder = folder_of(self._proc, members[0])
            self._known[name].read_other(self._turn, members, inodes, folder)

    def _listeners(
        self, name: str, members: Sequence[Workload], near: frozenset[str], now: float
    ) -> Iterator[Listener]:
        known = self._known[name]
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
                scope=scope_of(each, known.addresses, own=not name),
                addresses=known.addresses,
                first_seen=self._first_seen.get(subject, now),
            )


def _owner(each: Listener) -> tuple[int | None, str | None]:
    """Say whose it is: a user or a container may have as many processes as it likes."""
    return each.workload.identity.uid, each.workload.identity.container


def _matters(each: Listener) -> int:
    return int(each.scope == "loopback")
