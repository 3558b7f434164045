"""One stream of numbers or words: its baseline as a sketch, and the bets against it.

The first 256 values draw the borders of twenty bins; then the baseline's values are counted into
them, which is exact. Words fall into bins by a hash of theirs. How far apart values must lie to be
as good as independent is measured on the baseline, and only such values are bet on.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics import reservoir, sequential
from aisec_daemon.numerics.wasserstein import quantiles, wasserstein

Doubles = NDArray[np.float64]

BINS, RING, LAW = 20, 256, 32
LAGS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BETTORS = 2 * BINS + len(sequential.HALF_LIVES) * len(sequential.STAKES)
NUMBER, WORD = 1.0, 2.0
_TINY = 1e-9

_PARTS = {
    **dict.fromkeys(("kind", "taken", "count", "stride", "skip", "laws", "offset"), 1),
    **dict.fromkeys(("total", "square", "begun", "last", "arrived"), 1),
    "edges": BINS - 1,
    "counts": BINS,
    "ring": RING,
    "law": LAW,
    "products": len(LAGS),
    "learned": len(sequential.HALF_LIVES) * BINS,
    "sums": BETTORS,
}
_PLACES = {}
_at = 0
for _name, _width in _PARTS.items():
    _PLACES[_name] = slice(_at, _at + _width)
    _at += _width
FIELDS = tuple(f"{name}_{i}" for name, width in _PARTS.items() for i in range(width))


class Stream:
    """A row of the detector's memory (W,) float64, changed in place."""

    def __init__(self, row: Doubles) -> None:
        self.row = row

    def part(self, name: str) -> Doubles:
        """Return one part of the row, to be changed in place."""
        found: Doubles = self.row[_PLACES[name]]
        return found

    def number(self, name: str) -> float:
        """Return a part that is one number."""
        return float(self.row[_PLACES[name].start])

    def put(self, name: str, number: float) -> None:
        """Set it."""
        self.row[_PLACES[name].start] = number

    def complete(self, baseline: float) -> bool:
        """Tell whether the baseline has as many values as it needs."""
        return self.number("count") >= baseline

    def take(self, values: Doubles, baseline: float) -> float:
        """Take values in their order; return the evidence against the baseline, NaN without one."""
        if self.number("taken") < RING and self.number("kind") == NUMBER:
            begun = int(self.number("taken"))
            first = values[: RING - begun]
            self.part("ring")[begun : begun + len(first)] = first
            self.put("taken", begun + len(first))
            if self.number("taken") == RING:
                self._draw_borders()
            values = values[len(first) :]
        if not self.complete(baseline):
            missing = int(baseline - self.number("count"))
            self._learn(values[:missing])
            values = values[missing:]
            if not self.complete(baseline):
                return float("nan")
            self._begin()
        return self._bet(values)

    def evidence(self) -> float:
        """Return the mean of all bettors' fortunes."""
        bettors = len(self._bets().fixed) + len(sequential.HALF_LIVES) * len(sequential.STAKES)
        return float(self.part("sums")[:bettors].mean())

    def limit(self, most: float) -> None:
        """Keep fortunes within bounds, so that a change that is over is over soon."""
        sums = self.part("sums")
        np.minimum(sums, most, out=sums)

    def moved(self) -> float:
        """Return how far the last values are from the baseline, in its standard deviations."""
        count = self.number("count")
        variance = self.number("square") / count - (self.number("total") / count) ** 2
        if self.number("kind") != NUMBER or not variance > 0 or self.number("laws") == 0:
            return float("nan")
        ring = (self.part("ring") - self.number("offset"))[:, None].astype(np.float32)
        law = (self.part("law") - self.number("offset"))[:, None].astype(np.float32)
        return float(wasserstein(ring, law)[0]) / float(np.sqrt(variance))

    def _draw_borders(self) -> None:
        """Draw them at twentieths; a value that comes often has a bin to itself."""
        ring = self.part("ring")
        self.put("offset", float(ring.mean()))
        edges = np.sort(ring)[np.arange(1, BINS) * RING // BINS]
        again = np.append(edges[1:] == edges[:-1], False)
        first = again & ~np.append(False, again[:-1])
        self.part("edges")[:] = np.where(first, np.nextafter(edges, -np.inf), edges)

    def _bins(self, values: Doubles) -> NDArray[np.intp]:
        if self.number("kind") == WORD:
            return values.astype(np.intp)
        return np.searchsorted(self.part("edges"), values)

    def _learn(self, values: Doubles) -> None:
        """Count values of the baseline, and how they hang together."""
        if not len(values):
            return
        self.part("counts")[:] += np.bincount(self._bins(values), minlength=BINS)
        self.put("count", self.number("count") + len(values))
        offset = self.number("offset")
        line = np.concatenate([self.part("ring"), values]) - offset
        now = line[RING:]
        self.put("total", self.number("total") + float(now.sum()))
        self.put("square", self.number("square") + float((now**2).sum()))
        for at, lag in enumerate(LAGS):
            before = line[RING - lag : len(line) - lag]
            self.part("products")[at] += float((now * before).sum())
        self._remember(values)

    def _remember(self, values: Doubles) -> None:
        """Go on with the last values, and after as many new ones with the baseline's law."""
        before = self.number("taken")
        ring = np.concatenate([self.part("ring"), values])[-RING:]
        self.part("ring")[:] = ring
        self.put("taken", before + len(values))
        if self.number("kind") == NUMBER and (before + len(values)) // RING > before // RING:
            recent = quantiles((ring - self.number("offset"))[:, None].astype(np.float32), LAW)
            law = (self.part("law") - self.number("offset"))[:, None].astype(np.float32)
            laws = np.array([self.number("laws")], np.float32)
            mixed = reservoir.mix(recent if laws[0] == 0 else law, recent, laws)
            self.part("law")[:] = mixed[:, 0] + self.number("offset")
            self.put("laws", self.number("laws") + 1)

    def _begin(self) -> None:
        """End the baseline: thin to independence, and let every bettor begin."""
        count = self.number("count")
        mean = self.number("total") / count
        variance = self.number("square") / count - mean**2
        common = self.part("products") / count - mean**2
        noise = 2.0 / np.sqrt(count) * variance
        small = np.abs(common) <= max(noise, _TINY * self.number("square") / count)
        self.put("stride", float(LAGS[int(small.argmax())]) if small.any() else 2.0 * LAGS[-1])
        bets = self._bets()
        self.part("learned")[:] = np.tile(bets.shares, len(sequential.HALF_LIVES))
        self.part("sums")[:] = 0.0

    def _bets(self) -> sequential.Bets:
        count = self.number("count")
        shares = (self.part("counts") + 0.5) / (count + 0.5 * BINS)
        independent = max(int(count / max(self.number("stride"), 1.0)), 1)
        ordered = self.number("kind") == NUMBER
        return sequential.bets(shares, independent, ordered=ordered)

    def _bet(self, values: Doubles) -> float:
        """Bet on every value that is far enough behind the last one bet on."""
        bets = self._bets()
        bettors = len(bets.fixed) + len(sequential.HALF_LIVES) * len(sequential.STAKES)
        learned = self.part("learned").reshape(1, len(sequential.HALF_LIVES), BINS)
        memory = sequential.Fortunes(learned, self.part("sums")[None, :bettors])
        first, stride = int(self.number("skip")), int(self.number("stride"))
        for one in self._bins(values)[first::stride]:
            memory, _ = sequential.wager(bets, memory, np.array([one]))
        self.put(
            "skip", (first - len(values)) % stride if len(values) > first else first - len(values)
        )
        self.part("learned")[:] = memory.learned.ravel()
        self.part("sums")[:bettors] = memory.sums[0]
        if len(values):
            ring = np.concatenate([self.part("ring"), values])[-RING:]
            self.part("ring")[:] = ring
        return self.evidence()


def bin_of(word: str) -> float:
    """Return the bin of a word."""
    digest = blake2b(word.encode("utf-8", "backslashreplace"), digest_size=4).digest()
    return float(int.from_bytes(digest, "big") % BINS)
