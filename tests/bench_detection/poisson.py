"""Exact intervals of a rate, for few events or none."""

from __future__ import annotations

from scipy.stats import chi2

WEEK = 7 * 86400.0


def interval(events: int, exposure: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of events per unit of exposure (Garwood, Biometrika 28, 1936).

    Both ends are taken at half of what is left: no event still allows 3.7 / exposure at 95 %.
    """
    if exposure <= 0:
        return 0.0, float("inf")
    tail = (1 - confidence) / 2
    low = chi2.ppf(tail, 2 * events) / 2 if events else 0.0
    return float(low) / exposure, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2 / exposure
