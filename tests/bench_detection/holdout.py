"""Held out: each algorithm, evasion and card is judged by what was fitted without it.

`fit(takes) -> {rule: {setting: value}}` is given labelled takes of other seeds, none of which shows
what is held out and all of which are of the two months before; the settings that it returns judge
takes that show nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench.report import table
from tests.bench_detection.cast import HELD, NOTHING, Held, Night, nights, packed
from tests.bench_detection.panel import Panel, Settings
from tests.bench_detection.score import Falsehood, Recall, in_view
from tests.bench_detection.sections import share
from tests.bench_detection.work import of_nights
from tests.traces.generators import CARDS
from tests.traces.generators.scenes import BEGIN, SPAN
from tests.traces.takes import Take

Fit = Callable[[Sequence[Take]], Settings]
TRAINING = 1_000_003  # added to the seed: what is learned from is another run


def load(name: str) -> Fit:
    """Return a function given as `module:function`."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


@dataclass(frozen=True)
class Trial:
    """What is fitted, and over which cast: so many runs of each scene on each card."""

    panel: Panel
    fit: Fit
    seed: int
    runs: int
    cards: tuple[str, ...] = tuple(CARDS)

    def fitted(self, held: Held = NOTHING) -> Panel:
        """Return the panel with settings that were fitted without what is held out."""
        cast = nights(self.seed + TRAINING, self.runs, self.cards, held, BEGIN - SPAN)
        settings = self.fit([night.take() for night in cast])
        return replace(self.panel, settings={**self.panel.settings, **settings})

    def only(self, held: Held) -> list[Night]:
        """Return nodes on which nothing plays but what is held out."""
        found = []
        for night in nights(self.seed, self.runs, self.cards):
            kept = [s for s in night.scenes if held.covers(night.card, s)]
            for number, scenes in enumerate(packed(kept)):
                own = (*night.seed, 1 + number)
                found.append(replace(night, seed=own, scenes=tuple(scenes), views=("lists off",)))
        return found

    def held_out(self, rules: Sequence[str], everything: Sequence[Held] = HELD) -> str:
        """Return a table: recall of each thing when it was unknown, and when it was not."""
        known = self.fitted()
        rows = []
        for held in everything:
            scenes = self.only(held)
            if not scenes:  # a card that is not in the cast
                continue
            unknown = _cells(self.fitted(held), scenes, rules)
            rows.append([held.kind, held.name, *unknown, *_cells(known, scenes, rules)[1:]])
        head = ["left out", "", "mining scenes", "recall", "within 10 min", "false findings"]
        return table([*head, "recall when known", "within 10 min", "false findings"], rows)


def _cells(panel: Panel, scenes: Sequence[Night], rules: Sequence[str]) -> list[str]:
    results = in_view(of_nights(panel, scenes).results, "lists off")
    recall, false = Recall.of(results, rules), Falsehood.of(results, rules)
    told = f"{false.told} of {false.scenes} scenes" if false.scenes else ""
    return [f"{recall.scenes}", share(recall.within()), share(recall.within(600)), told]
