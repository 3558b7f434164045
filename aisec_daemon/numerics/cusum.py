"""Mean and spread that follow slowly, and the two-sided sum of what went past them.

Page, Biometrika 41 (1954), section 2: the sum of deviations beyond an allowance, never below zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_ALLOWANCE = np.float32(0.5)  # standard deviations that a sample may lie off for nothing
_MOST = np.float32(8.0)  # one sample counts at most so many: a spike is no shift
_MAD_TO_SIGMA = np.float32(1.2533)  # of a normal law: mean absolute to standard deviation


class Cusum(NamedTuple):
    """What is remembered of each series, each (S,): `mean` NaN means nothing yet."""

    mean: Floats
    deviation: Floats
    up: Floats
    down: Floats

    @classmethod
    def empty(cls, series: int) -> Cusum:
        """Nothing seen yet."""
        zero = np.zeros(series, np.float32)
        return cls(np.full(series, np.nan, np.float32), zero, zero, zero)


def cusum(
    memory: Cusum, value: Floats, gain: Floats, learn: NDArray[np.bool_]
) -> tuple[Cusum, Floats]:
    """Take one value a series; return the memory after it and each series' larger sum.

    `gain` (S,) is the share by which mean and deviation go to the new value, which is learned
    only where `learn`. A NaN changes nothing and has sum NaN.
    """
    seen = ~np.isnan(value)
    first = seen & np.isnan(memory.mean)
    mean = np.where(first, value, memory.mean)
    off = np.where(seen, value - mean, np.float32(0))
    sigma = memory.deviation * _MAD_TO_SIGMA
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(sigma > 0, off / sigma, np.sign(off) * _MOST)
    score = np.clip(score, -_MOST, _MOST).astype(np.float32)
    zero = np.float32(0)
    up = np.where(seen, np.maximum(memory.up + score - _ALLOWANCE, zero), memory.up)
    down = np.where(seen, np.maximum(memory.down - score - _ALLOWANCE, zero), memory.down)
    step = np.where(learn & seen, gain, zero)
    deviation = (memory.deviation + step * (np.abs(off) - memory.deviation)).astype(np.float32)
    after = Cusum((mean + step * off).astype(np.float32), deviation, up, down)
    return after, np.where(seen, np.maximum(up, down), np.float32(np.nan))
