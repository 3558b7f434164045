"""Fusion: many pieces of evidence, few independent families."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics.window import Array, filled


def strongest(weights: Array, groups: NDArray[np.intp], count: int) -> Array:
    """Return (S, count): in each group of pieces the largest of `weights` (S, P), 0 if none is.

    `groups` (P,) numbers the group of each piece. Pieces of one group are seen through the same
    window and count once; NaN (not known) counts nothing.
    """
    best = np.zeros((len(weights), count))
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    if len(present):
        known = filled(weights[:, order])
        best[:, present] = np.maximum(np.maximum.reduceat(known, starts, axis=1), 0.0)
    return best


def summed(parts: Array, owners: NDArray[np.intp], count: int, caps: Array) -> Array:
    """Return (S, count): `parts` (S, G) summed by owner (G,), each sum at most its cap (count,)."""
    sums: Array = parts @ (owners[:, None] == np.arange(count))
    return np.minimum(sums, caps)
