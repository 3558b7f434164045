"""Views: what of a node a detector is let see."""

from __future__ import annotations

from collections.abc import Iterator

from aisec_daemon.model import Snapshot
from tests.traces.generators import reduce_to_power


def everything(snapshots: Iterator[Snapshot]) -> Iterator[Snapshot]:
    """Yield all there is."""
    return snapshots


def lists_off(snapshots: Iterator[Snapshot]) -> Iterator[Snapshot]:
    """Yield everything but what lists of known names and arguments say."""
    for snapshot in snapshots:
        if "indicators" not in snapshot.labels:
            yield snapshot
            continue
        none = tuple(None if word is None else "" for word in snapshot.labels["indicators"])
        labels = {**snapshot.labels, "indicators": none}
        yield Snapshot(snapshot.table, snapshot.time, snapshot.subjects, snapshot.values, labels)


def without_context(snapshots: Iterator[Snapshot]) -> Iterator[Snapshot]:
    """Yield GPUs and which process is on them: no programs, sockets or lists."""
    kept = ("gpu", "gpu_process")
    return (s for s in snapshots if s.table.name in kept)


def power(snapshots: Iterator[Snapshot]) -> Iterator[Snapshot]:
    """Yield power and utilisation of GPUs alone, as old logs have them."""
    return reduce_to_power(snapshots)


VIEWS = {
    "everything": everything,
    "lists off": lists_off,
    "without context": without_context,
    "power": power,
}
