"""Numbers: what a field of a log says, in base units.

nvidia-smi writes `71.25 W` or, with nounits, `71.25`; `Active` and `Not Active` for flags; and
`[N/A]`, `[Not Supported]`, `[Unknown Error]`, `-` or nothing for what it could not read
(`nvidia-smi --help-query-gpu`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.app.traces.columns import FLAG, Quantity

_FLAGS = {b"Active": 1.0, b"Not Active": 0.0, b"Yes": 1.0, b"No": 0.0}
_MOST = 1e18
_REMEMBERED = 1 << 16


class Numbers(dict[bytes, float]):
    """The number of each field of one column, NaN if it says none; a field seen is remembered."""

    def __init__(self, quantity: Quantity) -> None:
        super().__init__()
        self._quantity = quantity

    def __missing__(self, text: bytes) -> float:
        if len(self) >= _REMEMBERED:
            self.clear()
        number = self[text] = parse(text, self._quantity)
        return number

    def of(self, fields: Sequence[bytes]) -> NDArray[np.float64]:
        """Return a column's numbers."""
        return np.fromiter(map(self.__getitem__, fields), np.float64, len(fields))


def parse(text: bytes, quantity: Quantity) -> float:
    """Return the number in base units; NaN for none, for another unit, for one beyond reason."""
    if quantity is FLAG:
        return _FLAGS.get(text.strip(), math.nan)
    if b"_" in text:  # which Python would read
        return math.nan
    try:
        number = float(text.strip().removesuffix(quantity.unit)) * quantity.factor
    except ValueError:
        return math.nan
    return number if quantity.least <= number <= min(quantity.most, _MOST) else math.nan
