"""Thresholds from what was seen: so high that a stated share of block maxima passes them.

Split conformal prediction (Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005,
section 2.2) where there are maxima enough, else a generalised Pareto tail fitted by
probability-weighted moments (Hosking and Wallis, Technometrics 29, 1987, equation 8).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TAIL_RATIO = 0.05  # share of the maxima that the tail is fitted to
TAIL_LEAST = 20  # maxima below which no tail is fitted
SHAPE_MOST = 0.5  # beyond it the tail has no variance, and a fit of few points no meaning


def threshold(maxima: NDArray[np.float64], share: float, enough: int = 20) -> float:
    """Return the number that a new maximum passes with probability `share`; inf if unknown.

    `maxima` (N,), NaN is left out. With at least `enough` maxima expected above it, it is one of
    them; else it is read off the tail, which is fitted to log(1 + x) since maxima of scores spread
    over powers of ten.
    """
    known = np.sort(maxima[~np.isnan(maxima)])
    expected = share * (len(known) + 1)
    if expected >= enough:
        return float(known[len(known) - int(expected)])
    tail = max(TAIL_LEAST, math.ceil(TAIL_RATIO * len(known)))
    if len(known) <= tail or share <= 0:
        return math.inf
    logs = np.log1p(np.maximum(known, 0.0))
    start = logs[-tail - 1]
    shape, scale = pareto_tail(logs[-tail:] - start)
    ratio = tail / len(known) / share
    return float(np.expm1(start + scale * _growth(ratio, shape)))


def pareto_tail(excess: NDArray[np.float64]) -> tuple[float, float]:
    """Return shape (positive: heavy) and scale of a generalised Pareto law; `excess` (N,) ≥ 0."""
    ordered = np.sort(excess)
    count = len(ordered)
    mean = float(ordered.mean())
    if mean <= 0:
        return 0.0, 0.0
    above = 1.0 - (np.arange(1, count + 1) - 0.35) / count  # plotting position of the paper
    weighted = float((above * ordered).mean())
    shape = 2.0 - mean / (mean - 2.0 * weighted) if mean > 2.0 * weighted else -SHAPE_MOST
    shape = min(max(shape, -SHAPE_MOST), SHAPE_MOST)
    return shape, mean * (1.0 - shape)


def _growth(ratio: float, shape: float) -> float:
    """Return how many scales above its start a tail is passed `ratio` times more rarely."""
    if ratio <= 1:
        return 0.0
    growth = math.log(ratio)
    return math.expm1(shape * growth) / shape if shape else growth
