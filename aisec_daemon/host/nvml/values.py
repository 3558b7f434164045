"""Values that NVML hands over as a union and a type."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

_MEMBERS = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")
_UNKNOWN_BYTES = 0xFFFFFFFFFFFFFFFF


def number(value: Any, value_type: int) -> float:
    """Return the member of a `nvmlValue_t` that `value_type` names; NaN for a type unheard of."""
    if not 0 <= value_type < len(_MEMBERS):
        return math.nan
    return float(getattr(value, _MEMBERS[value_type]))


def numbers(values: Iterable[Any], value_type: int) -> list[float]:
    """Return that member of many."""
    if not 0 <= value_type < len(_MEMBERS):
        return [math.nan for _ in values]
    member = _MEMBERS[value_type]
    return [float(getattr(value, member)) for value in values]


def size(count: int) -> float:
    """Return a number of bytes; NaN for NVML's ~0, which says "not available"."""
    return math.nan if count == _UNKNOWN_BYTES else float(count)


def ratio(percent: float, tolerance: float = 0.0) -> float:
    """Return percent as 0..1; NaN for what is no percentage, give or take `tolerance`."""
    if not -tolerance <= percent <= 100.0 + tolerance:
        return math.nan
    return min(max(percent, 0.0), 100.0) / 100.0


def ratios(percents: Iterable[float]) -> list[float]:
    """Return percents as 0..1 without those that are none; there are hundreds in a second."""
    return [percent / 100.0 for percent in percents if 0.0 <= percent <= 100.0]  # noqa: PLR2004


def mean(numbers: Sequence[float]) -> float:
    """Return the mean, NaN of nothing."""
    return math.fsum(numbers) / len(numbers) if numbers else math.nan


def deviation(numbers: Sequence[float]) -> float:
    """Return the standard deviation over all numbers (divisor N), NaN of less than two."""
    if len(numbers) < 2:  # noqa: PLR2004 one point has no spread
        return math.nan
    centre = mean(numbers)
    return math.sqrt(math.fsum((x - centre) ** 2 for x in numbers) / len(numbers))
