"""A law of few equally likely values that stands for all that was ever seen.

Reservoir sampling (Vitter, ACM TOMS 11, 1985, algorithm R) without chance: how many values of the
law the next sample replaces is what chance would replace on average, and which ones follow from
the count, so that the same past always leaves the same law.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST = 1000.0  # samples after which what is old begins to fade


def mix(law: Floats, sample: Floats, count: Floats) -> Floats:
    """Return the law (Q, S), rising, after one more sample (Q, S); it has seen `count` (S,) so far.

    Q must be a power of two; a sample is given by equally likely values, rising, as the law is.
    """
    size = len(law)
    mixed = law.copy()
    begun, ended = _replaced(count, size), _replaced(count + 1, size)
    turns = np.where(count > 0, np.minimum(ended - begun, size), 0)
    column = np.arange(law.shape[1])
    for turn in range(int(turns.max(initial=0))):
        at = column[turns > turn]
        number = begun[at] + turn
        mixed[_reversed(number, size), at] = sample[(number * 13 + number // size * 7) % size, at]
    return np.sort(mixed, axis=0)


def _replaced(count: Floats, size: int) -> NDArray[np.int64]:
    """Return how many values were replaced in all, by the sum of their probabilities."""
    seen = np.maximum(count.astype(np.float64), 1.0)
    shares = np.log(np.minimum(seen, MOST)) + np.maximum(seen - MOST, 0.0) / MOST
    return np.floor(size * shares).astype(np.int64)


def _reversed(number: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the bits of each number in reverse: turns that follow each other hit far apart."""
    flipped = np.zeros_like(number)
    for bit in range(size.bit_length() - 1):
        flipped = (flipped << 1) | (number >> bit & 1)
    return flipped
