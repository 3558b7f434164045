"""Drift's memory for people and for other nodes: block maxima of a fleet, and profiles."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from aisec_daemon.detectors.drift import budget
from aisec_daemon.detectors.drift.ledger import FIELDS, Ledger
from aisec_daemon.model import State
from aisec_daemon.numerics import profile
from aisec_daemon.numerics.profile import SCORES

KNOWN = "known/"
_WORDS_AT_MOST = 80


class Profile(NamedTuple):
    """One series as it is remembered; numbers are NaN before a first minute was learned."""

    owner: str
    words: Mapping[str, str]
    kind: str
    samples: int
    seen: float
    low: float
    median: float
    high: float

    @property
    def learned(self) -> bool:
        """Whether a first minute was learned."""
        return not math.isnan(self.low)


@lru_cache(maxsize=4096)  # asked for every workload at every reading
def known(owner: str, words: tuple[tuple[str, str], ...]) -> str:
    """Return the key under which the words of a workload are remembered, in ASCII."""
    short = {name: word[:_WORDS_AT_MOST] for name, word in words}
    return f"{KNOWN}{owner}/{json.dumps(short, sort_keys=True)}"


def profiles(state: State) -> Iterator[Profile]:
    """Yield every series, by owner and kind."""
    ledger = Ledger(state, len(state.keys))
    words = dict(_words(key) for key in state.keys if key.startswith(KNOWN))
    for row, key in sorted(enumerate(state.keys), key=lambda item: item[1]):
        if not key.startswith(("workload/", "gpu/")):
            continue
        owner, _, kind = key.rpartition("/")
        memory = state.values[row : row + 1, : profile.WIDTH].T
        law = profile.law(memory)[:, 0].astype(float)
        seen = float(ledger.time(np.array([row]), "seen")[0])
        count = int(profile.samples(memory)[0])
        middle = float(np.median(law))
        yield Profile(owner, words.get(owner, {}), kind, count, seen, law[3], middle, law[-4])


def pooled(states: Iterable[State]) -> dict[str, Any]:
    """Return the block maxima of many nodes, to be written as JSON."""
    ledger = Ledger(State((), np.empty((0, len(FIELDS)), np.float32)), 0)
    for state in states:
        for key, row in zip(state.keys, state.values, strict=True):
            if key.startswith(budget.LOCAL):
                budget.add(ledger, key, row)
    return {
        key.removeprefix(budget.LOCAL): {
            name: {
                "blocks": int(ledger.plain(key)[at]),
                "largest": [float(x) for x in budget.largest(ledger.plain(key), at)],
            }
            for at, name in enumerate(SCORES)
        }
        for key in sorted(ledger.keys)
    }


def installed(state: State, content: Mapping[str, Any]) -> State:
    """Return state with the fleet's block maxima; those it had before are forgotten.

    ValueError, KeyError or TypeError if the content is not what `pooled` makes.
    """
    kept = [row for row, key in enumerate(state.keys) if not key.startswith(budget.FLEET)]
    ledger = Ledger(State(tuple(state.keys[row] for row in kept), state.values[kept]), 0)
    for kind, scores in content.items():
        row = ledger.plain(budget.FLEET + kind)
        for at, name in enumerate(SCORES):
            blocks, largest = int(scores[name]["blocks"]), np.array(scores[name]["largest"], float)
            if blocks < len(largest) or np.isnan(largest).any():
                raise ValueError(f"{kind}/{name}: {blocks} blocks, {len(largest)} maxima")
            row[at] = blocks
            kept_maxima = np.sort(largest)[::-1][: budget.KEPT]
            first = budget.place(at).start
            row[first : first + len(kept_maxima)] = kept_maxima
    return State(ledger.keys, ledger.values)


def _words(key: str) -> tuple[str, Mapping[str, str]]:
    """Return the owner and the words of a key that `known` made."""
    kind, name, text = key.removeprefix(KNOWN).split("/", 2)
    return f"{kind}/{name}", json.loads(text)
