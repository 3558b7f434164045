"""Block maxima of one kind of series: how many, of how much time, and the largest of each score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics.profile import SCORES

Floats = NDArray[np.float32]

BLOCK_SECONDS = 300.0
KEPT = 200  # largest maxima of each score
_SPANS_AT = len(SCORES) * (1 + KEPT)
_LAST_AT = _SPANS_AT + 1  # number of the last span, from 1; float32 counts so to the year 2129


class Pool:
    """A row of the ledger (F,), zero at first; what is added is kept in it.

    Series of one node move together: blocks of the same span of time say little more than one of
    them. So spans are counted, too, those of several nodes each.
    """

    def __init__(self, row: Floats) -> None:
        self._row = row

    @property
    def blocks(self) -> int:
        """Of how many blocks it is, of single series, of the score that has fewest."""
        return int(self._row[: len(SCORES)].min())

    @property
    def spans(self) -> int:
        """In how many spans of 300 s they were."""
        return int(self._row[_SPANS_AT])

    def counted(self, score: int) -> int:
        """Return of how many blocks a score is."""
        return int(self._row[score])

    def largest(self, score: int) -> Floats:
        """Return the largest maxima of one score, falling."""
        first = len(SCORES) + score * KEPT
        kept: Floats = self._row[first : first + min(self.counted(score), KEPT)]
        return kept

    def note(self, maxima: Floats, time: float) -> None:
        """Add maxima (S, 3) of blocks that end now; those not judged (NaN) are left out."""
        span = np.float32(time // BLOCK_SECONDS + 1)
        if self._row[_LAST_AT] != span:
            self._row[_LAST_AT] = span
            self._row[_SPANS_AT] += 1
        for score, each in enumerate(maxima.T):
            known = each[~np.isnan(each)]
            self.take(score, len(known), known)

    def add(self, other: Pool) -> None:
        """Add what another node has seen of this kind."""
        self._row[_SPANS_AT] += other.spans
        for score in range(len(SCORES)):
            self.take(score, other.counted(score), other.largest(score))

    def watch(self, spans: int) -> None:
        """Count spans whose maxima are taken one by one."""
        self._row[_SPANS_AT] += spans

    def take(self, score: int, blocks: int, largest: Floats) -> None:
        """Add so many blocks of one score, by the largest of their maxima."""
        kept = np.sort(np.concatenate([self.largest(score), largest]))[::-1][:KEPT]
        first = len(SCORES) + score * KEPT
        self._row[first : first + len(kept)] = kept
        self._row[score] += blocks
