"""Thresholds from what was seen: so high that a stated share of block maxima passes them.

Split conformal prediction (Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005,
section 2.2) where there are maxima enough, else a generalised Pareto tail fitted by
probability-weighted moments (Hosking and Wallis, Technometrics 29, 1987, equation 8). Few maxima
say next to nothing of a tail's shape, and a threshold too low costs more false alarms than one as
much too high saves: the shape that counts is drawn towards that of an exponential law, and made
heavier by what is not known of the scale.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TAIL_RATIO = 0.05  # share of the maxima that the tail is fitted to
TAIL_LEAST, TAIL_MOST = 20, 199  # maxima that it is fitted to, at least and at most
SHAPE_WEIGHT = 60.0  # maxima that shape 0 counts for: shapes are believed to lie within 0.15 of it
SHAPE_MOST = 0.5  # beyond it the tail has no variance, and a fit of few points no meaning


def threshold(
    maxima: NDArray[np.float64],
    share: float,
    count: int = 0,
    enough: int = 20,
    *,
    certain: bool = False,
) -> float:
    """Return the number that a new maximum passes with probability `share`; inf if unknown.

    `maxima` (N,), NaN is left out; of `count` blocks where only the largest maxima were kept. With
    at least `enough` of them expected above it, it is one of them; else it is read off the tail,
    which is fitted to log(1 + x) since maxima of scores spread over powers of ten, and taken as
    fitted if that is `certain`.
    """
    known = np.sort(maxima[~np.isnan(maxima)])
    count = max(count, len(known))
    expected = share * (count + 1)
    if enough <= expected <= len(known):
        return float(known[len(known) - int(expected)])
    if len(known) <= TAIL_LEAST or share <= 0:
        return math.inf
    tail = min(max(TAIL_LEAST, math.ceil(TAIL_RATIO * count)), TAIL_MOST, len(known) - 1)
    logs = np.log1p(np.maximum(known, 0.0))
    start = logs[-tail - 1]
    shape, scale = pareto_tail(logs[-tail:] - start)
    if not certain:
        shape = expected_shape(shape, tail)
    return float(np.expm1(start + scale * _growth(tail / count / share, shape)))


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


def expected_shape(shape: float, excesses: int) -> float:
    """Return the shape of the law of a next excess, if `shape` was fitted to so many.

    A shape that lies at 0, give or take 0.15, before anything is seen is then the mean of both,
    weighted by what each knows. An exponential law whose mean was measured on n excesses has a
    gamma distributed rate, and its next excess a Pareto law of shape 1/n.
    """
    return shape * excesses / (excesses + SHAPE_WEIGHT) + 1.0 / excesses


def _growth(ratio: float, shape: float) -> float:
    """Return how many scales above its start a tail is passed `ratio` times more rarely."""
    if ratio <= 1:
        return 0.0
    growth = math.log(ratio)
    return math.expm1(shape * growth) / shape if shape else growth
