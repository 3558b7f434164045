"""How far a series usually ranges: the range of some hundred of its values, spread over its past.

Level `k` is the range of every 2^k-th value. The level of which 64 to 127 values were seen is the
one that counts: it spans the whole past and yet holds few values, so that a rare outlier mostly
falls between them and does not make everything else look small for ever.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEVELS = 17  # 64 values of every 65,536th: enough for 2^22 samples
_VALUES_LOG = 6  # 64 values


def widen(low: Floats, high: Floats, value: Floats, count: NDArray[np.intp]) -> None:
    """Take `value` (S,), the `count`-th of its series, into `low` and `high` (LEVELS, S)."""
    divisors = count & -count  # the largest power of two that divides it
    for level in range(len(low)):
        due = divisors >= (1 << level)
        if not due.any():
            return
        np.minimum(low[level], value, out=low[level], where=due)
        np.maximum(high[level], value, out=high[level], where=due)


def span(low: Floats, high: Floats, count: NDArray[np.intp]) -> Floats:
    """Return the range that counts after `count` (S,) values; 0 if the series never moved."""
    _, exponent = np.frexp(count.astype(np.float32))
    level = np.clip(exponent - 1 - _VALUES_LOG, 0, len(low) - 1).astype(np.intp)[None]
    chosen = np.take_along_axis(high, level, axis=0)[0] - np.take_along_axis(low, level, axis=0)[0]
    whole = high[0] - low[0]
    wide: Floats = np.where(chosen > 0, chosen, np.where(count > 0, whole, np.float32(0)))
    return wide
