"""Fusion: many pieces of evidence, few independent families."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics.window import Array


def strongest(weights: Array, groups: NDArray[np.intp], count: int) -> Array:
    """Return (S, count): in each group of pieces the largest of `weights` (S, P), 0 if none is.

    `groups` (P,) numbers the group of each piece. Pieces of one group are seen through the same
    window and count once; NaN (not known) counts nothing.
    """
    best = np.zeros((len(weights), count))
    known = np.where(np.isnan(weights), 0.0, weights)
    for piece, group in enumerate(groups):
        np.maximum(best[:, group], known[:, piece], out=best[:, group])
    return best


def summed(parts: Array, owners: NDArray[np.intp], count: int, caps: Array) -> Array:
    """Return (S, count): `parts` (S, G) summed by owner (G,), each sum at most its cap (count,)."""
    sums = np.zeros((len(parts), count))
    for part, owner in enumerate(owners):
        sums[:, owner] += parts[:, part]
    return np.minimum(sums, caps)
