"""Fusion: many pieces of evidence, few independent families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics.window import Array, filled


@dataclass(frozen=True, eq=False)
class Groups:
    """Which of `count` groups each column belongs to: told once, reduced again and again."""

    count: int
    order: NDArray[np.intp]  # the columns, those of a group beside each other
    starts: NDArray[np.intp]  # where each group begins among them
    present: NDArray[np.intp]  # the groups that have a column

    @classmethod
    def of(cls, groups: Sequence[int], count: int) -> Groups:
        """Take the group of each column, -1 for one that belongs to none."""
        ranked = sorted((group, at) for at, group in enumerate(groups) if group >= 0)
        order = np.array([at for _, at in ranked], dtype=np.intp)
        present, starts = np.unique([group for group, _ in ranked], return_index=True)
        return cls(count, order, starts, present.astype(np.intp))

    def reduced(self, reduce: np.ufunc, x: Array) -> Array:
        """Return (S, count): columns of `x` (S, P) reduced by group, 0 for a group without one."""
        reduced = np.zeros((len(x), self.count))
        if len(self.present):
            reduced[:, self.present] = reduce.reduceat(x[:, self.order], self.starts, axis=1)
        return reduced


def strongest(weights: Array, groups: Groups) -> Array:
    """Return (S, count): in each group of pieces the largest of `weights` (S, P), 0 if none is.

    Pieces of one group are seen through the same window and count once; NaN (not known) counts
    nothing.
    """
    return np.maximum(groups.reduced(np.maximum, filled(weights)), 0.0)


def summed(parts: Array, owners: Groups, caps: Array) -> Array:
    """Return (S, count): `parts` (S, G) summed by owner, each sum at most its cap (count,)."""
    return np.minimum(owners.reduced(np.add, parts), caps)
