"""Who is on each GPU, and how much of its memory they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aisec_daemon.model import Snapshot

_MPS = "nvidia-cuda-mps"


@dataclass
class Holders:
    """Processes on one GPU, or on the compute instances that share a GPU instance's memory."""

    listed: float = 0.0  # by NVML; NaN: it could not
    seen: int = 0  # those that /proc knows
    explained: float = 0.0  # their bytes; NaN: unknown
    unseen: list[str] = field(default_factory=list)  # pids that /proc does not know


def comparable(seen: Snapshot) -> bool:
    """Tell whether NVML's pids are those of the host and /proc shows the host."""
    known = dict(zip(seen.subjects, seen["known_processes"], strict=True))
    return not np.isnan(known.get("view/nvml", np.nan))


def groups_of(gpus: Snapshot) -> list[tuple[str, str]]:
    """Return for each row what it shares memory with: its GPU instance, or itself."""
    labels = gpus.labels
    return [
        (parent or "", instance or "") if kind == "mig" else (uuid, "")
        for uuid, kind, parent, instance in zip(
            gpus.subjects, labels["kind"], labels["parent"], labels["gpu_instance_id"], strict=True
        )
    ]


def holders_of(
    gpus: Snapshot, processes: Snapshot | None, groups: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Holders]:
    """Gather who is on each group; without a list of processes nothing is known of any."""
    found: dict[tuple[str, str], Holders] = defaultdict(Holders)
    for group, listed in zip(groups, gpus["listed_processes"], strict=True):
        found[group].listed += float(listed) if processes is not None else np.nan
    if processes is None:
        return found
    group_of = dict(zip(gpus.subjects, groups, strict=True))
    for row, uuid in enumerate(processes.labels["uuid"]):
        if uuid not in group_of:
            continue
        held = found[group_of[uuid]]
        words = {n: processes.labels[n][row] or "" for n in ("process", "pid", "kind", "name")}
        if words["process"].endswith(":?"):
            held.unseen.append(words["pid"])
            continue
        held.seen += 1
        shared = words["name"].startswith(_MPS) or "mps" in words["kind"].split("+")
        used = float(processes["memory_used_bytes"][row])
        held.explained += np.nan if shared else used
    return found
