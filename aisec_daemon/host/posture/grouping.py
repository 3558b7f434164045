"""Which workloads share a posture, and which GPUs they use."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aisec_daemon.host.nvml.reading import GpuReading
from aisec_daemon.host.posture.facts import Facts
from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.workload.workload import Workload


@dataclass(frozen=True)
class Posture:
    """A container, or what runs of an asset outside of one.

    `first` is the oldest of its AI processes, `weakest` the one that may do most, whose `facts`
    these are. `used_gpus` counts the GPUs that list one of its processes, NaN if nobody tells.
    """

    kind: str
    asset: str
    first: ProcessIdentity
    weakest: ProcessIdentity
    processes: int
    facts: Facts
    used_gpus: float


def grouped(workloads: Iterable[Workload]) -> dict[str, list[Workload]]:
    """Put together the processes of a container, or else of an asset, the oldest first."""
    groups: dict[str, list[Workload]] = {}
    for each in sorted(workloads, key=lambda w: (w.identity.start_ticks, w.identity.pid)):
        container = each.identity.container
        key = f"container/{container}" if container else each.asset
        groups.setdefault(key, []).append(each)
    return groups


def kind_of(who: ProcessIdentity) -> str:
    """Say what kind of place a process runs in: container, service or process.

    A job of Slurm and a login's scope are no service: nobody can harden them by a unit's file.
    """
    if who.container:
        return "container"
    service = (who.unit or "").endswith(".service") and not who.slurm_job
    return "service" if service else "process"


def used_gpus(pids: set[int], gpus: Sequence[GpuReading] | None) -> float:
    """Count the GPUs that list one of these processes; NaN if nobody tells."""
    if gpus is None:
        return math.nan
    listing = (gpu for gpu in gpus if any(process.pid in pids for process in gpu.processes))
    return float(len({gpu.identity.parent or gpu.identity.uuid for gpu in listing}))
