"""Rows of tables `gpu_process` and `process`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from aisec_daemon.model import Snapshot, Table
from tests.traces.generators.actor import Actor, counted, word
from tests.traces.generators.shapes import Floats

if TYPE_CHECKING:
    from tests.traces.generators.node import Node

_LATE = {"gpu_process": 0.001, "process": 0.003}


def stretches(node: Node, changes: set[float], period: int) -> Iterator[range]:
    """Yield the seconds between which nobody comes or goes, in steps of a period."""
    edges = sorted({0, node.seconds, *(int(np.ceil(c)) for c in changes if 0 < c < node.seconds)})
    for begin, end in pairwise(edges):
        first = -(-begin // period) * period
        if first < end:
            yield range(first, end, period)


def _edges(actors: list[Actor]) -> set[float]:
    return {edge for actor in actors for edge in (actor.begin, actor.end)}


def gpu_processes(node: Node, table: Table) -> Iterator[Snapshot]:
    """Yield a snapshot a second."""
    actors = [actor for actor in node.actors if actor.uses and actor.seen != "none"]
    crowd = {gpu: _crowd(node, gpu) for gpu in range(node.gpus)}
    for seconds in stretches(node, _edges(actors), 1):
        uses = [
            (actor, gpu)
            for actor in actors
            if actor.begin <= seconds[0] < actor.end
            for gpu in actor.uses
        ]
        cube = np.zeros((len(seconds), len(uses), len(table.columns)))
        for row, (actor, gpu) in enumerate(uses):
            for name, numbers in _use(actor, gpu, crowd[gpu]).items():
                cube[:, row, table.index(name)] = numbers[seconds[0] : seconds[-1] + 1]
        subjects = tuple(f"{node.uuids[gpu]}/{actor.in_gpu_process}" for actor, gpu in uses)
        own = {
            "uuid": tuple(node.uuids[gpu] for _, gpu in uses),
            "pid": tuple(str(actor.pid) for actor, _ in uses),
            "process": tuple(actor.in_gpu_process for actor, _ in uses),
            "kind": tuple(actor.words.get("kind", "compute") for actor, _ in uses),
        }
        labels = _labels(table, [actor for actor, _ in uses], own)
        for at, second in enumerate(seconds):
            time = node.begin + second + _LATE["gpu_process"]
            yield Snapshot(table, time, subjects, cube[at], labels)


def _crowd(node: Node, gpu: int) -> Floats:
    wanted = sum((load.level.mean for load in node.loads(gpu)), np.zeros(node.seconds))
    return 1.0 / np.maximum(wanted, 1.0)


def _use(actor: Actor, gpu: int, fair: Floats) -> dict[str, Floats]:
    load = actor.uses[gpu]
    active = load.level.mean * fair
    return {
        "memory_used_bytes": load.memory_bytes,
        "sm_utilization_ratio": np.round(load.peaks.get("busy", 0.0) * active, 2),
        "memory_utilization_ratio": np.round(load.peaks.get("memory", 0.0) * active, 2),
        "encoder_utilization_ratio": fair * load.rates.get("encoder", 0.0),
        "decoder_utilization_ratio": fair * load.rates.get("decoder", 0.0),
    }


def processes(node: Node, table: Table) -> Iterator[Snapshot]:
    """Yield a snapshot every other second."""
    actors = [actor for actor in node.actors if actor.seen == "all"]
    spent = {a.pid: counted(a.cores, node.seconds) for a in actors}
    for seconds in stretches(node, _edges(actors), 2):
        there = [actor for actor in actors if actor.begin <= seconds[0] < actor.end]
        cube = np.zeros((len(seconds), len(there), len(table.columns)))
        for row, actor in enumerate(there):
            cube[:, row, table.index("cpu_seconds")] = 50 + spent[actor.pid][seconds]
        put(table, cube, there, "memory_resident_bytes", lambda a: a.resident_bytes)
        put(table, cube, there, "threads", lambda a: a.threads)
        put(table, cube, there, "start_timestamp_seconds", lambda a: node.begin + min(a.begin, 0))
        own = {
            "pid": tuple(str(actor.pid) for actor in there),
            "parent": tuple(actor.words.get("parent", "1") for actor in there),
        }
        labels = _labels(table, there, own)
        subjects = tuple(actor.subject for actor in there)
        for at, second in enumerate(seconds):
            time = node.begin + second + _LATE["process"]
            yield Snapshot(table, time, subjects, cube[at], labels)


def put(
    table: Table, cube: Floats, actors: list[Actor], name: str, number: Callable[[Actor], float]
) -> None:
    """Fill a column with numbers that do not change."""
    cube[:, :, table.index(name)] = [number(actor) for actor in actors]


def _labels(
    table: Table, actors: list[Actor], own: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str | None, ...]]:
    return {
        name: own[name] if name in own else tuple(word(actor, name) for actor in actors)
        for name in table.label_names
    }
