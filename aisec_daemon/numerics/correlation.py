"""Correlation: whether a series repeats itself, and whether several move together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics import window
from aisec_daemon.numerics.rhythm import autocorrelation
from aisec_daemon.numerics.window import Array, Window

_SHORTEST_LAG = 2


def repetition(x: Window) -> Array:
    """Return how well each column (T, S) repeats itself, 0 not at all, 1 wholly: (S,).

    The largest autocorrelation between a lag of two readings and half the window that is higher
    than at both of its neighbours (so that a slope is no rhythm). Gaps count as the mean. NaN
    where fewer than half of the readings are there or there are fewer than eight; 0 for a constant.
    """
    length, columns = x.shape
    if length < 4 * _SHORTEST_LAG or not columns:
        return np.full(columns, np.nan)
    x = np.asfortranarray(x)  # each column in one piece: quicker
    read = ~np.isnan(x)
    filled = x if read.all() else np.where(read, x, window.mean(x))
    unbiased = autocorrelation(filled)
    inner = unbiased[_SHORTEST_LAG:-1]
    peak = (inner > unbiased[_SHORTEST_LAG - 1 : -2]) & (inner >= unbiased[_SHORTEST_LAG + 1 :])
    best = np.maximum.reduce(np.where(peak, inner, np.float32(0)), axis=0, initial=0.0)
    known = window.total(read) >= length / 2
    return np.where(known, np.minimum(best, np.float32(1)), np.nan)


def together(x: Window, groups: NDArray[np.intp]) -> Array:
    """Return for each column (T, S) how much its group moves together: mean correlation of pairs.

    `groups` (S,) numbers the groups from 0; -1 belongs to none. For standardised columns z the sum
    over all pairs is ‖Σz‖² - Σ‖z‖². Gaps count as the mean. NaN for a column that does not move,
    has gaps in more than half of the window, or is alone in its group.
    """
    length, columns = x.shape
    answer = np.full(columns, np.nan)
    if not length or not (groups >= 0).any():
        return answer
    spread = window.deviation(x)
    usable = (groups >= 0) & (spread > 0) & (window.count(x) >= length / 2)
    if not usable.any():
        return answer
    standard = window.filled((x - window.mean(x)) / np.where(usable, spread, 1.0))
    number = np.where(usable, groups, 0)
    size, alone = np.zeros((2, int(number.max()) + 1))
    np.add.at(size, number[usable], 1.0)
    np.add.at(alone, number[usable], np.sum(standard[:, usable] ** 2, axis=0))
    sums = np.zeros((length, len(size)))
    np.add.at(sums.T, number[usable], standard[:, usable].T)
    pairs = np.where(size > 1, size * (size - 1), np.nan)
    mean = (np.sum(sums**2, axis=0) - alone) / length / pairs
    answer[usable] = mean[number[usable]]
    return answer
