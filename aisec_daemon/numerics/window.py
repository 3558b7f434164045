"""Summaries of a window, column by column, that take a gap for what it is.

Every function takes (T, S) with NaN where nothing was read and returns (S,); a column of which
nothing was read gives NaN, without a warning.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Window: TypeAlias = NDArray[np.floating]


def count(x: Window) -> Array:
    """Return how many readings each column has."""
    return total(~np.isnan(x))


def total(x: NDArray[Any], held: NDArray[np.bool_] | None = None) -> Array:
    """Return the sum of each column, or of those of its readings that are `held` (T, S)."""
    kept = x if held is None else np.where(held, x, x.dtype.type(0))  # quicker than where=
    summed: Array = np.add.reduce(kept, axis=0, dtype=np.float64)
    return summed


def mean(x: Window) -> Array:
    """Return the mean of what was read."""
    known = ~np.isnan(x)
    return divide(total(x, known), total(known))


def median(x: Window) -> Array:
    """Return the median of what was read: a short burst does not move it."""
    if not x.size:
        return np.full(x.shape[1], np.nan)
    ordered = np.sort(x, axis=0)  # NaN last
    read = np.sum(~np.isnan(x), axis=0)
    columns = np.arange(x.shape[1])
    low = ordered[np.maximum(read - 1, 0) // 2, columns]
    high = ordered[np.minimum(read // 2, len(x) - 1), columns]
    return np.where(read > 0, (low.astype(np.float64) + high) / 2, np.nan)


def deviation(x: Window) -> Array:
    """Return the standard deviation of what was read, of the whole window and not of a sample."""
    return np.asarray(np.sqrt(mean((x - mean(x)) ** 2)))


def extent(x: Window) -> Array:
    """Return the largest reading less the smallest."""
    if not len(x):
        return np.full(x.shape[1], np.nan)
    known = ~np.isnan(x)
    high = np.max(x, axis=0, where=known, initial=-np.inf)
    low = np.min(x, axis=0, where=known, initial=np.inf)
    return np.where(known.any(axis=0), high - low, np.nan).astype(np.float64)


def least(x: Window) -> Array:
    """Return the smallest reading."""
    known = ~np.isnan(x)
    low = np.min(x, axis=0, where=known, initial=np.inf)
    return np.where(known.any(axis=0), low, np.nan).astype(np.float64)


def share(x: Window, held: NDArray[np.bool_]) -> Array:
    """Return the share of readings for which `held` (T, S) is true; an unread one counts not."""
    read = ~np.isnan(x)
    return divide(total(held & read), total(read))


def divide(a: Array, b: Array) -> Array:
    """Return a / b, NaN where b is 0 or either is not known."""
    safe = np.where(b == 0, np.nan, b)
    return np.asarray(a / safe)
