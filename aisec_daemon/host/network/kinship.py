"""Who works for whom: the process that listens is often not the one that is on the GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.workload.workload import Workload

_GENERATIONS = 32


def near_gpus(
    workloads: Sequence[Workload], lookup: Callable[[int], ProcessIdentity | None]
) -> frozenset[str]:
    """Return the subjects of the processes that have to do with a GPU.

    Those on one themselves; those that started one which is (Jupyter and its kernels); those of the
    same asset, container, pod or Slurm job, or of the same service and user (the head of a Ray
    cluster and its workers). `lookup` says who a pid is.
    """
    on = [one for one in workloads if one.on_gpu]
    groups = {group for one in on for group in _groups(one)}
    found = {one.identity.subject for one in workloads if not groups.isdisjoint(_groups(one))}
    for one in on:
        found |= {parent.subject for parent in _ancestors(one.identity, lookup)}
    return frozenset(found)


def _groups(one: Workload) -> Iterator[tuple[str, ...]]:
    who = one.identity
    yield "asset", one.asset
    for kind, name in (("container", who.container), ("pod", who.pod), ("job", who.slurm_job)):
        if name:
            yield kind, name
    if one.service and who.user:
        yield "service", one.service, who.user


def _ancestors(
    who: ProcessIdentity, lookup: Callable[[int], ProcessIdentity | None]
) -> Iterator[ProcessIdentity]:
    for _ in range(_GENERATIONS):
        parent = lookup(who.parent) if who.parent > 1 else None
        if parent is None:
            return
        yield parent
        who = parent
