"""The cast: which scenes are played, on which nodes.

Scenes share nodes of up to 16 GPUs, since that is how a node's step is paid for; each has its own
GPUs, user and files, and is judged by itself. Those that change the whole node have one for
themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.traces.generators import ALGORITHMS, CARDS, EVASIONS, HONEST, Scene
from tests.traces.generators.scenes import BEGIN, WHOLE_NODE
from tests.traces.takes import Take, simulated

GPUS = 16
SECONDS = 720
_SEVERAL = {"low-level": 8, "training-large": 4}


@dataclass(frozen=True)
class Held:
    """What is left out: an algorithm, an evasion or a card ("" leaves nothing out)."""

    kind: str = ""
    name: str = ""

    def covers(self, card: str, scene: Scene) -> bool:
        """Tell whether a scene belongs to what is left out."""
        own = {"algorithm": scene.family, "evasion": scene.evasion, "card": card}
        return bool(self.kind) and own[self.kind] == self.name


NOTHING = Held()
HELD = (
    *(Held("algorithm", name) for name in ALGORITHMS),
    *(Held("evasion", name) for name in EVASIONS),
    *(Held("card", name) for name in CARDS),
)


@dataclass(frozen=True)
class Night:
    """One node and its scenes; the views it is judged in."""

    seed: tuple[int, ...]
    card: str
    scenes: tuple[Scene, ...]
    views: tuple[str, ...]
    since: float = BEGIN
    seconds: int = SECONDS

    def take(self) -> Take:
        return simulated(self.seed, self.card, self.scenes, self.seconds, self.since)


def scenes(rng: np.random.Generator) -> list[Scene]:
    """Return one run of everything: each algorithm, each evasion, each kind of honest work."""
    names = list(ALGORITHMS)
    some = rng.permutation(np.resize(rng.permutation(names), len(EVASIONS)))
    gpus = {name: int(rng.choice([1, 1, 1, 2])) for name in (*names, *EVASIONS, *HONEST)}
    gpus |= _SEVERAL
    return [
        *(Scene(name, gpus=gpus[name]) for name in names),
        *(Scene(str(a), e, gpus[e]) for a, e in zip(some, EVASIONS, strict=True)),
        *(Scene(name, gpus=gpus[name]) for name in HONEST),
    ]


def nights(
    seed: int,
    runs: int,
    cards: Sequence[str] = tuple(CARDS),
    held: Held = NOTHING,
    since: float = BEGIN,
) -> list[Night]:
    """Return the nodes of so many runs on each card, without what is held out."""
    found = []
    for number, card in enumerate(cards):
        rng = np.random.default_rng([seed, number])
        drawn = [s for _ in range(runs) for s in scenes(rng) if not held.covers(card, s)]
        alone = [s for s in drawn if {s.family, s.evasion} & {*WHOLE_NODE}]
        listed = [s for s in drawn if s.mining and s.evasion in {"", "renamed"}]
        rest = [s for s in drawn if s not in alone and s not in listed]
        rest = [rest[at] for at in rng.permutation(len(rest))]
        groups = (
            ([s for s in alone if s.mining], ("lists off",)),
            ([s for s in alone if not s.mining], ("lists off",)),
            (listed, ("everything", "lists off", "power")),
            (rest, ("lists off", "power")),
        )
        for group, views in groups:
            for node in packed(group):
                own = seed, number, len(found)
                found.append(Night(own, card, tuple(node), views, since))
    return found


def packed(group: Sequence[Scene]) -> list[list[Scene]]:
    """Return scenes in their order, as many to a node as it has GPUs for."""
    nodes: list[list[Scene]] = []
    free = 0
    for scene in group:
        if scene.gpus > free:
            nodes.append([])
            free = GPUS
        nodes[-1].append(scene)
        free -= scene.gpus
    return nodes
