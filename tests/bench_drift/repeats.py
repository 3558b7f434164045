"""How far a rate might have come out otherwise: runs drawn again on both sides of a calibration."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

import numpy as np

COVERED = 0.95


def interval(
    calibrations: Sequence[tuple[Sequence[int], float]], weeks: Sequence[float]
) -> tuple[float, float]:
    """Return the 95 % interval of the rate on runs that lasted `weeks`, by runs.

    `calibrations` say how often each of those runs opens by one way to draw the runs calibrated on,
    and how probable that way is. The runs counted on are drawn again here.
    """
    rates, weights = [], []
    for counts, likely in calibrations:
        for again, also in draws(len(weeks)):
            rates.append(sum(counts[run] for run in again) / sum(weeks[run] for run in again))
            weights.append(likely * also)
    ends = (1 - COVERED) / 2, (1 + COVERED) / 2
    low, high = (quantile(np.array(rates), np.array(weights), end) for end in ends)
    return low, high


def draws(runs: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield every way to draw as many as there are with replacement, and its probability."""
    for chosen in combinations_with_replacement(range(runs), runs):
        orders = math.factorial(runs)
        for times in Counter(chosen).values():
            orders //= math.factorial(times)
        yield chosen, orders / runs**runs


def quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """Return the least of `values` up to which at least a `share` of all weight lies."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    at = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(values[order][at])
