"""Slow, obvious twins of what numerics/ does at once."""

from __future__ import annotations

import math
from itertools import combinations


def column(x, at):
    return [float(v) for v in x[:, at]]


def known(values):
    return [v for v in values if not math.isnan(v)]


def mean(values):
    values = known(values)
    return sum(values) / len(values) if values else math.nan


def median(values):
    values = sorted(known(values))
    middle = len(values) // 2
    if not values:
        return math.nan
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def deviation(values):
    values = known(values)
    if not values:
        return math.nan
    centre = mean(values)
    return math.sqrt(sum((v - centre) ** 2 for v in values) / len(values))


def least(values):
    return min(known(values), default=math.nan)


def extent(values):
    values = known(values)
    return max(values) - min(values) if values else math.nan


def autocorrelation(values, lag):
    """Unbiased, with gaps at the mean."""
    centre = mean(values)
    z = [0.0 if math.isnan(v) else v - centre for v in values]
    energy = sum(v * v for v in z) or 1.0
    total = sum(a * b for a, b in zip(z, z[lag:], strict=False))
    return total / energy / (1 - lag / len(z))


def repetition(values):
    length = len(values)
    if length < 8 or len(known(values)) < length / 2:
        return math.nan
    lags = [autocorrelation(values, lag) for lag in range(length // 2 + 1)]
    best = 0.0
    for lag in range(2, len(lags) - 1):
        if lags[lag] > lags[lag - 1] and lags[lag] >= lags[lag + 1]:
            best = max(best, lags[lag])
    return min(best, 1.0)


def correlation(a, b):
    """Of two columns whose gaps stand at their means."""
    mean_a, mean_b, spread_a, spread_b = mean(a), mean(b), deviation(a), deviation(b)
    products = [
        0.0 if math.isnan(x) or math.isnan(y) else (x - mean_a) / spread_a * (y - mean_b) / spread_b
        for x, y in zip(a, b, strict=True)
    ]
    return sum(products) / len(products)


def together(columns):
    """Mean correlation of all pairs."""
    pairs = list(combinations(columns, 2))
    return sum(correlation(a, b) for a, b in pairs) / len(pairs) if pairs else math.nan


def strongest(weights, groups, count):
    return [
        max([0.0, *known(w for w, g in zip(weights, groups, strict=True) if g == group)])
        for group in range(count)
    ]
