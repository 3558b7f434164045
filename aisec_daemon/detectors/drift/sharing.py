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
from aisec_daemon.detectors.drift.pool import Pool
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
                Pool(ledger.plain(key)).add(Pool(row))
    return {
        key.removeprefix(budget.LOCAL): _content(Pool(ledger.plain(key)))
        for key in sorted(ledger.keys)
    }


def installed(state: State, content: Mapping[str, Any]) -> State:
    """Return state with the fleet's block maxima; those it had before are forgotten.

    ValueError, KeyError or TypeError if the content is not what `pooled` makes.
    """
    kept = [row for row, key in enumerate(state.keys) if not key.startswith(budget.FLEET)]
    ledger = Ledger(State(tuple(state.keys[row] for row in kept), state.values[kept]), 0)
    for kind, known in content.items():
        pool = Pool(ledger.plain(budget.FLEET + kind))
        pool.watch(int(known["spans"]))
        for at, name in enumerate(SCORES):
            blocks, largest = int(known[name]["blocks"]), np.array(known[name]["largest"], float)
            if blocks < len(largest) or np.isnan(largest).any():
                raise ValueError(f"{kind}/{name}: {blocks} blocks, {len(largest)} maxima")
            pool.take(at, blocks, largest.astype(np.float32))
    return State(ledger.keys, ledger.values)


def _content(pool: Pool) -> dict[str, Any]:
    return {
        "spans": pool.spans,
        **{
            name: {
                "blocks": pool.counted(at),
                "largest": [float(most) for most in pool.largest(at)],
            }
            for at, name in enumerate(SCORES)
        },
    }


def _words(key: str) -> tuple[str, Mapping[str, str]]:
    """Return the owner and the words of a key that `known` made."""
    kind, name, text = key.removeprefix(KNOWN).split("/", 2)
    return f"{kind}/{name}", json.loads(text)
