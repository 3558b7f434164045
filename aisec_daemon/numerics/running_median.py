"""The median of the last values of many series, kept in order instead of sorted anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def replace(ordered: Floats, old: Floats, new: Floats) -> None:
    """Take `old` (S,) out of and put `new` (S,) into the rising columns of `ordered` (M, S).

    In place. A column that is not full yet ends in infinities, and one of them is `old`.
    """
    without = np.where(ordered[:-1] < old, ordered[:-1], ordered[1:])
    np.minimum(without, new, out=ordered[:-1])
    ordered[-1] = new
    np.maximum(ordered[1:], without, out=ordered[1:])


def middle(ordered: Floats, count: NDArray[np.intp]) -> Floats:
    """Return the median of the first `count` (S,) values of each column; NaN of none."""
    last = np.maximum(count - 1, 0)
    low = np.take_along_axis(ordered, (last // 2)[None], axis=0)[0]
    high = np.take_along_axis(ordered, (np.maximum(count, 1) // 2)[None], axis=0)[0]
    median: Floats = np.where(count > 0, (low + high) * np.float32(0.5), np.float32(np.nan))
    return median
