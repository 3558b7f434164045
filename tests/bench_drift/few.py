"""What few blocks are worth

Thresholds from the block maxima of some series of the Spark runs, whole series drawn at random of
all runs until there are so many blocks; then the rate at which blocks of all other series pass,
over the rate that was asked for, all three scores together. Both sides are of the same runs, so
that nothing is wrong but that there are few. Mean of 400 draws, which is what nodes get on average
that calibrate for themselves, and where the worst tenth of draws begins. `as fitted` takes the
tail's shape for what its few largest maxima say; `in the daemon` it is drawn towards that of an
exponential law, as if 60 more had spoken for it, and made heavier by 1/n for n maxima. The 60
stands for shapes that lie within 0.15 of an exponential law's; it was chosen with these runs in
sight, and anything from 40 to 120 is as good.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aisec_daemon.numerics import calibration
from tests.bench.report import table
from tests.bench_drift import exathlon, runs

BLOCKS, TARGETS, DRAWS = (288, 1000, 4000), (30.0, 10.0, 3.0, 1.0), 400
SOURCE = exathlon.SOURCE


class Pool:
    """Block maxima of all series: (3, N), and where each series has its own."""

    def __init__(self, every: list[runs.Run]) -> None:
        parts = [runs.maxima(run.told) for run in every]
        self.maxima = np.concatenate(
            [part.transpose(0, 2, 1).reshape(3, -1) for part in parts], axis=1
        )
        lengths = np.concatenate([[part.shape[1]] * part.shape[2] for part in parts])
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._ordered = [np.sort(each[~np.isnan(each)]) for each in self.maxima]

    def drawn(self, blocks: int, numbers: np.random.Generator) -> np.ndarray:
        """Return the maxima of whole series, (3, blocks)."""
        order = numbers.permutation(len(self._starts) - 1)
        places = [np.arange(self._starts[at], self._starts[at + 1]) for at in order[:blocks]]
        return self.maxima[:, np.concatenate(places)[:blocks]]

    def passing(self, chosen: np.ndarray, target: float, certain: bool) -> float:
        """Return the rate at which all others pass over that which was asked for."""
        share = target / 3 * runs.BLOCK / runs.WEEK
        passed = expected = 0.0
        for mine, everyone in zip(chosen, self._ordered, strict=True):
            known = mine[~np.isnan(mine)].astype(np.float64)
            line = calibration.threshold(known, share, certain=certain)
            over = len(everyone) - np.searchsorted(everyone, np.float32(line))
            passed += over - (known >= np.float32(line)).sum()
            expected += share * (len(everyone) - len(known))
        return passed / expected


def measure(folder: Path) -> str:
    """Draw, calibrate and count."""
    pool, numbers = Pool(runs.load(folder)), np.random.default_rng(1)
    rows = []
    for blocks in BLOCKS:
        draws = [pool.drawn(blocks, numbers) for _ in range(DRAWS)]
        for target in TARGETS:
            found = [f"{blocks}", f"{target:g}"]
            for certain in (True, False):
                ratios = [pool.passing(chosen, target, certain) for chosen in draws]
                found += [f"{np.mean(ratios):.2f}", f"{np.quantile(ratios, 0.9):.1f}"]
            rows.append(found)
    head = ["blocks", "target a series-week", "as fitted: mean", "worst tenth from"]
    return table([*head, "in the daemon: mean", "worst tenth from"], rows)
