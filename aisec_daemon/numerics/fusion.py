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
    return np.maximum(_grouped(np.maximum, filled(weights), groups, count), 0.0)


def summed(parts: Array, owners: NDArray[np.intp], count: int, caps: Array) -> Array:
    """Return (S, count): `parts` (S, G) summed by owner (G,), each sum at most its cap (count,)."""
    return np.minimum(_grouped(np.add, parts, owners, count), caps)


def _grouped(reduce: np.ufunc, x: Array, groups: NDArray[np.intp], count: int) -> Array:
    """Return (S, count): columns of `x` (S, P) reduced by group (P,), 0 for a group without one."""
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    reduced = np.zeros((len(x), count))
    if len(present):
        reduced[:, present] = reduce.reduceat(x[:, order], starts, axis=1)
    return reduced
