"""Distance between laws: how far their values must be moved, on average, to become each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def wasserstein(sample: Floats, reference: Floats) -> Floats:
    """Return the Wasserstein-1 distance of each series' values from its reference, (S,).

    `sample` (T, S), NaN left out; `reference` (Q, S) are equally likely values, rising, such as
    quantiles at (i + ½)/Q. Exact for these two step functions. NaN where either is not known.
    """
    result = np.full(sample.shape[1], np.nan, np.float32)
    counts = (~np.isnan(sample)).sum(axis=0)
    ordered = np.sort(sample, axis=0)  # NaN last
    for count in np.unique(counts[counts > 0]):
        at = np.flatnonzero(counts == count)
        mine, theirs, weight = _grid(int(count), len(reference))
        moved = np.abs(ordered[:, at][mine] - reference[:, at][theirs])
        result[at] = np.einsum("k,ks->s", weight, moved)
    return result


def quantiles(sample: Floats, count: int) -> Floats:
    """Return `count` equally likely values of each series, rising, (Q, S); NaN of none known.

    The value at (i + ½)/Q is read off the sorted sample by linear interpolation between the
    middles of its steps.
    """
    ordered = np.sort(sample, axis=0)
    known = (~np.isnan(sample)).sum(axis=0)
    levels = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(count)
    place = levels[:, None] * known - np.float32(0.5)
    place = np.clip(place, 0, np.maximum(known - 1, 0))
    below = place.astype(np.intp)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    share = (place - below).astype(np.float32)
    low = np.take_along_axis(ordered, below, axis=0)
    high = np.take_along_axis(ordered, above, axis=0)
    return np.where(share > 0, low + share * (high - low), low)


def _grid(mine: int, theirs: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return the pieces on which both step functions are flat: index in each, and length."""
    ends = np.union1d(np.arange(1, mine + 1) * theirs, np.arange(1, theirs + 1) * mine)
    begins = np.concatenate([[0], ends[:-1]])
    weight = (ends - begins) / np.float32(mine * theirs)
    return begins // theirs, begins // mine, weight.astype(np.float32)
