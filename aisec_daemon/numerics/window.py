"""Summaries of a window, column by column, that take a gap for what it is.

Every function takes (T, S) with NaN where nothing was read and returns (S,), or several windows at
once, (..., T, S), and returns (..., S); a column of which nothing was read gives NaN, without a
warning.
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
    """Return the sum of each column, or of those of its readings that are `held` (..., T, S)."""
    kept = x if held is None else np.where(held, x, x.dtype.type(0))  # quicker than where=
    summed: Array = np.add.reduce(kept, axis=-2, dtype=np.float64)
    return summed


def mean(x: Window) -> Array:
    """Return the mean of what was read."""
    known = ~np.isnan(x)
    return divide(total(x, known), total(known))


def median(x: Window) -> Array:
    """Return the median of what was read: a short burst does not move it."""
    if not x.size:
        return np.full((*x.shape[:-2], x.shape[-1]), np.nan)
    ordered = np.sort(x, axis=-2)  # NaN last
    length = x.shape[-2]
    if not np.isnan(ordered[..., -1, :]).any():  # no gap: the middle is in one place
        low, high = ordered[..., (length - 1) // 2, :], ordered[..., length // 2, :]
        return np.asarray((low.astype(np.float64) + high) / 2)
    read = np.sum(~np.isnan(x), axis=-2, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(read - 1, 0) // 2, axis=-2)
    high = np.take_along_axis(ordered, np.minimum(read // 2, length - 1), axis=-2)
    return np.where(read > 0, (low.astype(np.float64) + high) / 2, np.nan)[..., 0, :]


def deviation(x: Window, middle: Array | None = None) -> Array:
    """Return the standard deviation of what was read, of the whole window and not of a sample.

    `middle` is the mean, where that is known already.
    """
    around = mean(x) if middle is None else middle
    return np.asarray(np.sqrt(mean((x - around[..., None, :]) ** 2)))


def extent(x: Window) -> Array:
    """Return the largest reading less the smallest."""
    return _outermost(np.fmax, x) - _outermost(np.fmin, x)


def least(x: Window) -> Array:
    """Return the smallest reading."""
    return _outermost(np.fmin, x)


def _outermost(pick: np.ufunc, x: Window) -> Array:
    """Reduce by fmax or fmin, which pass over NaN."""
    if not x.shape[-2]:
        return np.full((*x.shape[:-2], x.shape[-1]), np.nan)
    return np.asarray(pick.reduce(x, axis=-2), dtype=np.float64)


def share(x: Window, held: NDArray[np.bool_]) -> Array:
    """Return the share of readings for which `held` (T, S) is true; an unread one counts not."""
    read = ~np.isnan(x)
    return divide(total(held & read), total(read))


def divide(a: Array, b: Array) -> Array:
    """Return a / b, NaN where b is 0 or either is not known."""
    safe = np.where(b == 0, np.nan, b)
    return np.asarray(a / safe)


def filled(x: Array, value: float = 0.0) -> Array:
    """Return `x` with a value where nothing is known: nan_to_num for no other purpose, quicker."""
    return np.where(np.isnan(x), value, x)
