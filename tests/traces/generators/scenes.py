"""Scenes: what may play on a node, and nodes made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from aisec_daemon.model import Snapshot
from tests.traces.generators import (
    audience,
    evasions,
    honest_inference,
    honest_integers,
    honest_media,
    honest_simulation,
    honest_training,
    miners,
)
from tests.traces.generators.algorithms import ALGORITHMS
from tests.traces.generators.cards import CARDS
from tests.traces.generators.evasions import EVASIONS
from tests.traces.generators.node import Node
from tests.traces.generators.stage import Stage
from tests.traces.generators.truth import Truth
from tests.traces.generators.work import play

Honest = Callable[[Stage], Truth]
_KINDS = (honest_training, honest_inference, honest_simulation, honest_integers, honest_media)
WORKS = {work.family: work for kind in _KINDS for work in kind.WORKS}
SECONDS = 720
BEGIN = 1_795_600_000.0  # late in November 2026
SPAN = 60 * 86400.0
_KEPT = ("power_watts", "power_limit_watts", "utilization_ratio", "memory_used_bytes")


def _shared(stage: Stage) -> Truth:
    """Two people on one card: a training, and a notebook that holds memory."""
    notebook = play(stage, WORKS["idle-notebook"])
    training = play(stage, WORKS["training-small"])
    begin, end = min(notebook.begin, training.begin), max(notebook.end, training.end)
    processes = notebook.processes + training.processes
    return replace(training, family="shared", processes=processes, begin=begin, end=end)


def _foreign(stage: Stage) -> Truth:
    """A daemon in a container that sees no process of the host: NVML's pids have no words."""
    stage.node.foreign = True
    actors = stage.node.actors
    actors[:] = [actor for actor in actors if actor.uses or not actor.program]
    return replace(play(stage, WORKS["training-small"], "driver"), family="foreign-pids")


HONEST: dict[str, Honest] = {
    **{name: partial(play, work=work) for name, work in WORKS.items()},
    "shared": _shared,
    "foreign-pids": _foreign,
}
WHOLE_NODE = (*evasions.WHOLE_NODE, "foreign-pids")
"""Evasions and honest work that change their whole node."""


@dataclass(frozen=True)
class Scene:
    """One of ALGORITHMS (with one of EVASIONS, or none) or of HONEST, on so many GPUs."""

    family: str
    evasion: str = ""
    gpus: int = 1

    def __post_init__(self) -> None:
        known = ALGORITHMS if self.evasion else {**ALGORITHMS, **HONEST}
        if self.family not in known or self.evasion not in {"", *EVASIONS}:
            raise ValueError(f"there is no scene {self.family!r} with evasion {self.evasion!r}")

    @property
    def mining(self) -> bool:
        return self.family in ALGORITHMS


def generate(
    rng: np.random.Generator,
    card: str,
    scenes: Sequence[Scene],
    seconds: int = SECONDS,
    since: float = BEGIN,
) -> tuple[Iterator[Snapshot], tuple[Truth, ...]]:
    """Return the snapshots of a node on which these scenes play, and the truth of each.

    It is watched for `seconds` at some time in the 60 days after `since`.
    """
    scheduler = str(rng.choice(["slurm", "kubernetes", "none"]))
    begin = since + float(np.floor(rng.uniform(0, SPAN)))
    gpus = sum(scene.gpus for scene in scenes)
    node = Node(rng, CARDS[card], gpus, seconds, begin, scheduler)
    audience.seat(node)
    truths, at = [], 0
    for scene in scenes:
        mine = tuple(range(at, at + scene.gpus))
        at += scene.gpus
        truths.append(_play(scene, Stage(node, mine, _entrance(rng, scene), float(seconds))))
    return node.snapshots(), tuple(truths)


def _entrance(rng: np.random.Generator, scene: Scene) -> float:
    """Return when a scene begins: miners soon, honest work then or long before."""
    if scene.mining or rng.random() < 0.5:
        return float(np.floor(rng.uniform(20, 60)))
    return -float(np.floor(rng.uniform(60, 5000)))


def _play(scene: Scene, stage: Stage) -> Truth:
    if scene.mining:
        return miners.mine(stage, scene.family, scene.evasion)
    return HONEST[scene.family](stage)


def reduce_to_power(snapshots: Iterator[Snapshot], *, memory: bool = False) -> Iterator[Snapshot]:
    """Yield what an old log holds: table `gpu` alone, power and utilisation (and memory)."""
    for snapshot in snapshots:
        if snapshot.table.name != "gpu":
            continue
        values = np.full_like(snapshot.values, np.nan)
        for name in _KEPT[: 4 if memory else 3]:
            values[:, snapshot.table.index(name)] = snapshot[name]
        values[:, snapshot.table.index("read_age_seconds")] = 0.0
        yield Snapshot(snapshot.table, snapshot.time, snapshot.subjects, values, snapshot.labels)
