"""Rows of table `process_view`: views that agree, and who is missing from some of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aisec_daemon.model import Snapshot, Table
from tests.traces.generators.actor import Actor

if TYPE_CHECKING:
    from tests.traces.generators.node import Node

_PERIOD = 10
_LATE = 0.008
_VIEWS = ("listing", "raw_listing", "proc", "kernel", "cgroup", "connector", "nvml", "mounts")
_FOREIGN = "its pids are those of another namespace"


def views(node: Node, table: Table) -> Iterator[Snapshot]:
    """Yield a snapshot every ten seconds."""
    suspects = [actor for actor in node.actors if actor.uses and actor.seen == "driver"]
    for second in range(0, node.seconds, _PERIOD):
        there = [actor for actor in node.actors if actor.begin <= second < actor.end]
        rows = {f"view/{view}": _view(node, view, there) for view in _VIEWS}
        if not node.foreign:
            now = [actor for actor in suspects if actor in there]
            rows |= {actor.in_gpu_process: _suspect(node, actor, second) for actor in now}
        yield Snapshot.from_rows(table, node.begin + second + _LATE, rows)


def _view(node: Node, view: str, there: list[Actor]):
    if view == "nvml" and node.foreign:
        return {"lasting_runs": 1.0}, {"view": view, "lack": _FOREIGN}
    known = [a for a in there if a.seen == "all" or (view == "nvml" and a.seen == "driver")]
    count = sum(bool(a.uses) for a in known) if view == "nvml" else len(known)
    return {"known_processes": float(count), "lasting_runs": 0.0}, {"view": view, "lack": ""}


def _suspect(node: Node, actor: Actor, second: int):
    """Return somebody whom the driver knows; of every other one the kernel tells, too."""
    lasting = float(second - max(actor.begin, 0.0))
    hooked = actor.pid % 2 == 0
    words = {
        "view": "suspect",
        "pid": str(actor.pid),
        "known_by": "kernel nvml" if hooked else "nvml",
        "missing_from": "listing raw_listing" if hooked else "listing raw_listing proc kernel",
        "cover": "",
        "gpus": " ".join(node.uuids[gpu] for gpu in actor.uses),
    }
    return {"lasting_runs": lasting // _PERIOD + 1, "lasting_seconds": lasting}, words
