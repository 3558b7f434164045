"""Stages: the part of a node on which one scene plays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.traces.generators.actor import Actor, Program
from tests.traces.generators.cards import Card
from tests.traces.generators.load import Load
from tests.traces.generators.marks import indicators
from tests.traces.generators.node import Node
from tests.traces.generators.shapes import Floats, Level, between, grid

GIB = 2.0**30
USERS = ("anna", "ben", "chen", "divya", "emil", "fatima", "grace", "hugo", "ines", "jonas")


@dataclass(frozen=True, eq=False)
class Stage:
    """Some GPUs of a node, from `begin` to `end` in seconds of its trace."""

    node: Node
    gpus: tuple[int, ...]
    begin: float
    end: float

    @property
    def rng(self) -> np.random.Generator:
        return self.node.rng

    @property
    def card(self) -> Card:
        return self.node.card

    @property
    def at(self) -> Floats:
        """The points in time of shapes."""
        return grid(self.node.seconds)

    def between(self, begin: float, end: float) -> Stage:
        """Return the same part of the node for another time."""
        return replace(self, begin=begin, end=end)

    def pick(self, *options: str) -> str:
        """Choose one of some words."""
        return str(options[self.rng.integers(len(options))])

    def pick_port(self, *options: int) -> int:
        """Choose one of some ports."""
        return int(options[self.rng.integers(len(options))])

    def chance(self, share: float) -> bool:
        """Say yes that often."""
        return bool(self.rng.random() < share)

    def draw(self, low: float, high: float) -> float:
        """Draw a number between two."""
        return float(self.rng.uniform(low, high))

    def log_draw(self, low: float, high: float) -> float:
        """Draw a number between two, whose orders of magnitude are equally likely."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def level(self, shape: Floats, ramp: float = 1.0) -> Level:
        """Return a shape (on `at`) cut to this scene's time, `ramp` seconds after its begin."""
        return Level.of(shape * between(self.at, self.begin + ramp, self.end))

    def memory(self, gib: float, ramp: float = 0.0) -> Floats:
        """Return memory that is a context at first, all of it after `ramp` seconds; NaN outside."""
        at = np.arange(self.node.seconds, dtype=np.float64) - self.begin
        grown = np.clip(at / ramp, 0.0, 1.0) if ramp else 1.0
        held = (self.card.context_gib + gib * grown) * GIB
        return np.where((at >= 0) & (at < self.end - self.begin), held, np.nan)

    def fits(self, gib: float) -> float:
        """Return so much memory, or what the card has."""
        return min(gib, 0.94 * self.card.memory_gib - self.card.context_gib)

    def act(
        self, words: dict[str, str], program: Program | None, uses: dict[int, Load], **more: object
    ) -> Actor:
        """Let a process live through this scene."""
        pid = more.pop("pid", None) or self.node.pid()
        number = more.pop("start", None) or self.node.ticks(self.begin)
        # a container mostly has a network of its own
        apart = bool(words.get("container")) and self.chance(0.85)
        more["grain"] = "proc" if apart else "tcp_info"
        words = {**words, "indicators": indicators(words)}
        actor = Actor(pid, number, self.begin, self.end, words, program, uses, **more)
        self.node.actors.append(actor)
        return actor
