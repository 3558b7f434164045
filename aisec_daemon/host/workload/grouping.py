"""Which of the processes that were looked at are AI workloads, and which of these are one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.scan import PAGE_BYTES
from aisec_daemon.host.proc.stat import Numbers
from aisec_daemon.host.workload.asset import Asset, Group
from aisec_daemon.host.workload.examine import Looked
from aisec_daemon.host.workload.workload import Workload

_PARENTS = 8  # looked at for the script of a process that was started by its own program


class OnGpu(NamedTuple):
    """What NVML says of one process: on which GPUs, with how much of their memory."""

    uuids: tuple[str, ...]
    memory_bytes: float


@dataclass(frozen=True)
class Sight:
    """What one turn has seen, by pid.

    `members` hold a node of the driver or are listed by NVML; `on_gpus` is None if that does not
    answer.
    """

    looked: Mapping[int, Looked]
    members: Mapping[int, ProcessIdentity]
    on_gpus: Mapping[int, OnGpu] | None
    numbers: Mapping[int, Numbers]


def works(known: Looked) -> bool:
    """Say whether what a process has loaded or runs makes it an AI workload."""
    return known.loaded.suffices or bool(known.service)


def group(sight: Sight, digest: Callable[[str], str | None]) -> list[Asset]:
    """Return the AI workloads; `digest` tells the hash of a process's executable, if known."""
    groups: dict[Group, list[Looked]] = {}
    for pid, known in sight.looked.items():
        origin = _origin(known, sight)  # a helper works for whoever has started it
        if works(known) or works(origin) or (pid in sight.members and _uses(known, sight)):
            script = origin.script
            groups.setdefault(Group.of(known.identity, script), []).append(known)
    return [_asset(shared, every, sight, digest) for shared, every in groups.items()]


def _uses(known: Looked, sight: Sight) -> bool:
    """Say whether a process that holds a node of the driver uses GPUs, and not just administers."""
    listed = sight.on_gpus is not None and known.identity.pid in sight.on_gpus
    return listed or not known.loaded.management


def _origin(known: Looked, sight: Sight) -> Looked:
    """Return the process whose script it runs: another's, where a program starts itself again."""
    for _ in range(_PARENTS):
        parent = sight.looked.get(known.identity.parent)
        if not known.child or parent is None or not _alike(known.identity, parent.identity):
            break
        known = parent
    return known


def _alike(child: ProcessIdentity, parent: ProcessIdentity) -> bool:
    ours = child.executable, child.user, child.container
    return ours == (parent.executable, parent.user, parent.container)


def _asset(
    shared: Group, every: Iterable[Looked], sight: Sight, digest: Callable[[str], str | None]
) -> Asset:
    every = sorted(every, key=lambda known: known.identity.pid)
    pids = [known.identity.pid for known in every]
    subject = shared.subject
    on_gpus = sight.on_gpus
    found = [on_gpus[pid] for pid in pids if pid in on_gpus] if on_gpus is not None else []
    pages = [sight.numbers[pid].pages if pid in sight.numbers else math.nan for pid in pids]
    hashes = (digest(known.identity.subject) for known in every)
    return Asset(
        shared,
        tuple(_workload(known, subject, sight) for known in every),
        tuple(sorted({name for known in every for name in known.frameworks})),
        tuple(dict.fromkeys(site for known in every for site in known.sites)),
        None if on_gpus is None else tuple(sorted({u for each in found for u in each.uuids})),
        next(filter(None, hashes), None),
        float(sum(pages)) * PAGE_BYTES,
        math.nan if on_gpus is None else sum(each.memory_bytes for each in found),
    )


def _workload(known: Looked, asset: str, sight: Sight) -> Workload:
    return Workload(
        known.identity,
        asset,
        on_gpu=known.identity.pid in sight.members,
        libraries=known.loaded.words,
        service=known.service or _origin(known, sight).service,
    )
