"""The posture of all AI workloads of a node, read within a budget."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from errno import errorcode
from pathlib import Path
from threading import Lock
from time import monotonic

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.nvml.reading import GpuReading
from aisec_daemon.host.posture.cgroup_limits import CgroupLimits
from aisec_daemon.host.posture.facts import Facts, read_facts, slurp
from aisec_daemon.host.posture.grouping import Posture, grouped, kind_of, used_gpus
from aisec_daemon.host.posture.host_view import HostView, look_at_host
from aisec_daemon.host.posture.mps import is_service
from aisec_daemon.host.posture.node import NodeFacts, read_files, share_on
from aisec_daemon.host.posture.status import Status, parse_status
from aisec_daemon.host.proc.attributes import GONE
from aisec_daemon.host.proc.folder import folder_of, open_folder
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.host.workload.workload import Workload
from aisec_daemon.host.workload.workloads import Workloads

AGAIN_SECONDS = 60.0  # between two readings of the same process
_NODE_SECONDS = 600.0  # of the packages' list, which is megabytes
_GROUPS = 64  # read in one turn
_STATUSES = 1024  # likewise
_MEMBERS = 256  # of one group whose status is looked at
_TURN_BYTES = 8 << 20  # of mounts, unless a single process has more


@dataclass(frozen=True)
class Reading:
    """All of them, and the node."""

    postures: list[Posture]
    node: NodeFacts


@dataclass(slots=True)
class _Known:
    """What was read of a process, or of a group's weakest, and when."""

    image: tuple[str, str | None, str | None]
    at: float
    status: Status | None = None
    facts: Facts | None = None


class Postures:
    """Reads each process's status, and the rest of the weakest of each group, once a minute.

    Processes of one container share what a container is: mounts, devices, limits; they differ in
    user and capabilities, and a group is as strong as its weakest. A program image that is new is
    read at once. May be used from several threads.
    """

    def __init__(self, root: Path, workloads: Workloads, nvml: Nvml, tally: Tally) -> None:
        self._root = root
        self._proc = root / "proc"
        self._workloads = workloads
        self._nvml = nvml
        self._tally = tally
        self._lock = Lock()
        self._statuses: dict[str, _Known] = {}
        self._groups: dict[str, _Known] = {}
        self._limits = CgroupLimits(root)
        self._host: HostView | None = None
        self._host_at = -math.inf
        self._node = NodeFacts()
        self._node_at = -math.inf

    def read(self) -> Reading:
        """Read them all; UnreadableError if nobody tells which processes do AI work."""
        workloads = self._workloads.read()
        with self._lock:
            now = monotonic()
            if self._host is None or now - self._host_at >= AGAIN_SECONDS:
                self._host, self._host_at = look_at_host(self._root, self._limits), now
            groups = grouped(workloads)
            self._forget(workloads, groups)
            self._look(groups, self._host, now)
            gpus = self._gpus()
            found = [self._posture(key, members, gpus) for key, members in groups.items()]
            return Reading(found, self._read_node(self._host, workloads, gpus, now))

    def _forget(self, workloads: Iterable[Workload], groups: Iterable[str]) -> None:
        alive = {each.identity.subject for each in workloads}
        self._statuses = {k: v for k, v in self._statuses.items() if k in alive}
        there = set(groups)
        self._groups = {k: v for k, v in self._groups.items() if k in there}

    def _look(self, groups: dict[str, list[Workload]], host: HostView, now: float) -> None:
        """Read what is new or old, those read longest ago first, as far as the budget goes."""
        statuses, left, size = _STATUSES, _GROUPS, _TURN_BYTES
        for key in sorted(groups, key=self._read_at):
            for each in groups[key][:_MEMBERS]:
                if statuses > 0 and _due(self._statuses.get(each.identity.subject), each, now):
                    statuses -= 1
                    self._read_status(each.identity, now)
            weakest = self._weakest(groups[key])
            if left > 0 and size > 0 and _due(self._groups.get(key), weakest, now):
                left -= 1
                size -= self._read_group(key, weakest.identity, host, now)

    def _read_at(self, key: str) -> float:
        known = self._groups.get(key)
        return -math.inf if known is None else known.at

    def _weakest(self, members: Sequence[Workload]) -> Workload:
        """Return who may do most; the oldest of those who may do the same."""
        nothing = (-1, -1, -1, -1)

        def power(each: Workload) -> tuple[int, ...]:
            known = self._statuses.get(each.identity.subject)
            return nothing if known is None or known.status is None else known.status.power

        return max(members, key=power)

    def _read_status(self, who: ProcessIdentity, now: float) -> None:
        known = self._statuses[who.subject] = _Known(_image(who), now)
        try:
            directory = open_folder(self._proc, who)
        except (OSError, ValueError) as error:
            self._fail("status", error)
            return
        try:
            known.status = parse_status(slurp(directory, "status"))
        except OSError as error:
            self._fail("status", error)
        finally:
            os.close(directory)

    def _read_group(self, key: str, who: ProcessIdentity, host: HostView, now: float) -> int:
        """Read a group's weakest; return how many bytes of mounts that were."""
        known = self._groups[key] = _Known(_image(who), now)
        status = self._statuses.get(who.subject)
        if status is None or status.status is None:
            return 0
        try:
            directory = open_folder(self._proc, who)
        except (OSError, ValueError) as error:
            self._fail("stat", error)
            return 0
        try:
            contained = bool(who.container)
            known.facts, size = read_facts(
                directory, status.status, host, self._fail, contained=contained
            )
        finally:
            os.close(directory)
        return size

    def _posture(
        self, key: str, members: Sequence[Workload], gpus: Sequence[GpuReading] | None
    ) -> Posture:
        first, weakest = members[0], self._weakest(members).identity
        known = self._groups.get(key)
        read = known is not None and known.image == _image(weakest)
        return Posture(
            kind=kind_of(first.identity),
            asset=first.asset,
            first=first.identity,
            weakest=weakest,
            processes=len(members),
            facts=(known.facts if known and read else None) or Facts(),
            used_gpus=used_gpus({each.identity.pid for each in members}, gpus),
        )

    def _gpus(self) -> Sequence[GpuReading] | None:
        try:
            return self._nvml.read().gpus
        except UnreadableError:
            return None

    def _read_node(
        self,
        host: HostView,
        workloads: Iterable[Workload],
        gpus: Sequence[GpuReading] | None,
        now: float,
    ) -> NodeFacts:
        if now - self._node_at >= _NODE_SECONDS:
            named = (each.identity for each in workloads if is_service(each.identity.name))
            services = [Path(folder_of(self._proc, who)) for who in named]
            self._node, self._node_at = read_files(host.roots, services), now
        if gpus is None:
            return self._node
        return replace(
            self._node,
            gpus=float(sum(gpu.identity.kind == "gpu" for gpu in gpus)),
            persistence_ratio=share_on(gpus, "persistence_mode_ratio"),
            accounting_ratio=share_on(gpus, "accounting_mode_ratio"),
        )

    def _fail(self, call: str, error: OSError | ValueError) -> None:
        number = error.errno if isinstance(error, OSError) else None
        if number not in GONE:
            self._tally.add(Call("posture", call, errorcode.get(number or 0, "malformed")))


def _image(who: ProcessIdentity) -> tuple[str, str | None, str | None]:
    return who.subject, who.executable, who.command_hash


def _due(known: _Known | None, each: Workload, now: float) -> bool:
    return known is None or known.image != _image(each.identity) or now - known.at >= AGAIN_SECONDS
