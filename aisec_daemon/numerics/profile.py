"""What is remembered of a series, and three scores of how unlike its past it is now.

`novelty` is asked at every tick, `shift` too (the sum of small deviations), `distance` every ten
seconds or so: how far the last minute's values are from the law of all minutes learned, in units
of that law's spread. None has a ceiling, so that any rate of alarms can be asked of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics import novelty as newness
from aisec_daemon.numerics.cusum import Cusum, cusum
from aisec_daemon.numerics.reservoir import mix
from aisec_daemon.numerics.wasserstein import quantiles, wasserstein

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

SCORES = ("novelty", "shift", "distance")
LAW = 32  # equally likely values that stand for all that was learned
MINUTE = newness.MEDIAN

_LEAST_GAIN = 1e-3  # of the slow mean
_LEAST_SPREAD = 1e-3  # of the law's size: what varies less is as good as constant

_LEAST_RANGE = 1e-2  # of all values that ever were

_SUMS = newness.WIDTH
_MINUTES = _SUMS + 4
_LAW = _MINUTES + 1
WIDTH = _LAW + LAW
"""Numbers remembered for each series."""


def empty(series: int) -> Floats:
    """Return the memory (WIDTH, S) of series that have had no value yet."""
    memory = np.zeros((WIDTH, series), np.float32)
    memory[: newness.WIDTH] = newness.empty(series)
    memory[_SUMS] = np.nan
    memory[_LAW:] = np.nan
    return memory


def tick(memory: Floats, value: Floats, learn: Flags) -> Floats:
    """Take one value a series into `memory`, in place; return novelty and shift, (2, S).

    Where not `learn`, the value is judged and becomes part of the last minute, and nothing else is
    remembered of it. NaN is not judged.
    """
    scores = np.empty((2, len(value)), np.float32)
    part = memory[: newness.WIDTH]
    frozen = ~learn
    if frozen.any():
        apart = part[:, frozen]
        scores[0, frozen] = newness.unlearned(apart, value[frozen])
        part[:, frozen] = apart
    taken = np.where(learn, value, np.float32(np.nan))
    scores[0, learn] = newness.novelty(part, taken)[learn]
    seen = newness.samples(memory)
    age = np.minimum(seen, MINUTE * memory[_MINUTES] + seen % MINUTE)
    gain = np.maximum(1.0 / (age + 1.0), _LEAST_GAIN).astype(np.float32)
    sums = Cusum(*memory[_SUMS : _SUMS + 4])
    after, scores[1] = cusum(sums, value, gain, learn)
    memory[_SUMS : _SUMS + 4] = after
    return scores


def distance(memory: Floats) -> Floats:
    """Return how far each series' last minute is from its law, in spreads, (S,).

    NaN before a first minute was learned.
    """
    law = memory[_LAW:]
    spread = law[-2] - law[1]
    floor = _LEAST_SPREAD * np.maximum(np.abs(law[0]), np.abs(law[-1]))
    floor = np.maximum(floor, _LEAST_RANGE * newness.whole_range(memory))
    recent = newness.recent(memory)
    moved = wasserstein(np.where(np.isfinite(recent), recent, np.float32(np.nan)), law)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = moved / np.maximum(spread, floor)
    return np.where(moved > 0, far, moved)


def learn_minute(memory: Floats, due: Flags) -> None:
    """Mix the last minute into the law of the series that are `due`, in place.

    A series has to be due once a minute; one with less than a minute behind it learns nothing.
    """
    at = np.flatnonzero(due & (newness.samples(memory) >= MINUTE))
    if not len(at):
        return
    minutes, law = memory[_MINUTES, at], memory[_LAW:, at]
    recent = quantiles(newness.recent(memory)[:, at], LAW)
    memory[_LAW:, at] = mix(np.where(minutes > 0, law, recent), recent, minutes)
    memory[_MINUTES, at] = minutes + 1.0


def law(memory: Floats) -> Floats:
    """Return equally likely values of all that each series learned, rising, (LAW, S)."""
    known: Floats = memory[_LAW:]
    return known


def samples(memory: Floats) -> Floats:
    """Return how many values each series has had, (S,)."""
    return newness.samples(memory)


def recent(memory: Floats) -> Floats:
    """Return the last minute of each series, rising, (60, S); infinity where there is less."""
    return newness.recent(memory)


def minute(memory: Floats) -> Floats:
    """Return the last minute of each series from the oldest to the newest, (60, S)."""
    return newness.latest(memory)


def limit_sums(memory: Floats, most: Floats) -> None:
    """Keep the sums of deviations within `most` (S,), in place: what is over is over soon."""
    sums = memory[_SUMS + 2 : _SUMS + 4]
    np.minimum(sums, most, out=sums)


def accept(memory: Floats, which: Flags) -> None:
    """Take what a series lately is for its new level, in place: its old law and sums are gone."""
    memory[_SUMS, which] = np.nan
    memory[_SUMS + 1 : _LAW, which] = 0
