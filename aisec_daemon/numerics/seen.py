"""Which values a series has had: at most so many of them, none close to another.

When a series has no room left, its resolution is made coarser until a quarter of it is free.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_COARSER = np.float32(1.5)
_KEPT_RATIO = 0.75


def distance(net: Floats, value: Floats) -> Floats:
    """Return how far `value` (S,) is from the nearest in its column of `net` (N, S); inf if empty.

    Places of `net` that are free hold infinity.
    """
    apart = np.subtract(net, value)
    np.abs(apart, out=apart)
    nearest: Floats = np.minimum.reduce(apart, axis=0)
    return nearest


def remember(
    net: Floats, held: Floats, grain: Floats, span: Floats, value: Floats, add: NDArray[np.bool_]
) -> None:
    """Put `value` (S,) into the net where `add`, in place.

    `held` (S,) counts the places in use, `grain` (S,) is the resolution as a share of `span` (S,).
    """
    full = np.flatnonzero(add & (held >= len(net)))
    if len(full):
        net[:, full], held[full], grain[full] = _thinned(net[:, full], grain[full], span[full])
    at = np.flatnonzero(add)
    net[held[at].astype(np.intp), at] = value[at]
    held[at] += 1


def _thinned(net: Floats, grain: Floats, span: Floats) -> tuple[Floats, Floats, Floats]:
    """Return a coarser net, its count and its resolution."""
    ordered = np.sort(net, axis=0)
    grain = grain.copy()
    most = int(len(net) * _KEPT_RATIO)
    while True:
        kept = _apart(ordered, grain * span)
        count = kept.sum(axis=0)
        crowded = count > most
        if not crowded.any():
            break
        grain[crowded] *= _COARSER
    thin = np.sort(np.where(kept, ordered, np.float32(np.inf)), axis=0)
    return thin, count.astype(np.float32), grain


def _apart(ordered: Floats, least: Floats) -> NDArray[np.bool_]:
    """Keep of each rising column the first, and each that lies `least` beyond the last kept."""
    kept = np.zeros(ordered.shape, bool)
    kept[0] = True
    last = ordered[0].copy()
    for row in range(1, len(ordered)):
        kept[row] = ordered[row] - last > least
        last = np.where(kept[row], ordered[row], last)
    return kept
