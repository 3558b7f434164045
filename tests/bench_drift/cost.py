"""What a tick costs

All series get a new value at every tick; `distance` runs every tenth tick and `learn_minute` every
sixtieth, for all of them at once, which is the worst case: their cost is in the mean and the
largest. A tenth of the ticks is left out at the beginning. The peers do a part of the work: river's
ADWIN takes one value of each series, scipy's loop compares one window of 60 values of each series
with 60 others (our `distance` does that, every tenth tick); their rows are measured on 500 series
and scaled. Medians and ratios of the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy import stats

from aisec_daemon.numerics import novelty, profile
from tests.bench.report import table

SIZES, TICKS, PEER_SERIES = (100, 1_000, 10_000), 200, 500


def milliseconds(work: Callable[[int], object], times: int) -> np.ndarray:
    spent = np.empty(times)
    for at in range(times):
        begun = time.perf_counter()
        work(at)
        spent[at] = time.perf_counter() - begun
    return 1e3 * spent[times // 10 :]


class Series:
    """Noise with a beat, and the memory of it."""

    def __init__(self, count: int) -> None:
        self.memory = profile.empty(count)
        self._noise = np.random.default_rng(0).normal(size=(97, count)).astype(np.float32)
        self._always = np.ones(count, bool)

    def tick(self, at: int) -> None:
        profile.tick(self.memory, self._noise[at % 97] + np.float32(at % 20), self._always)
        if at % 10 == 9:
            profile.distance(self.memory)
        if at % 60 == 59:
            profile.learn_minute(self.memory, self._always)

    def novelty(self, at: int) -> None:
        novelty.novelty(self.memory[: novelty.WIDTH], self._noise[at % 97])

    def distance(self, _: int) -> None:
        profile.distance(self.memory)


def adwin() -> float:
    """Return river's milliseconds for one value of one series."""
    from river.drift import ADWIN  # noqa: PLC0415 # only this bench needs it

    noise = np.random.default_rng(0).normal(size=(TICKS, PEER_SERIES)).tolist()
    detectors = [ADWIN() for _ in range(PEER_SERIES)]

    def tick(at: int) -> None:
        for detector, value in zip(detectors, noise[at], strict=True):
            detector.update(value)

    return float(np.median(milliseconds(tick, TICKS))) / PEER_SERIES


def scipy_loop() -> float:
    """Return scipy's milliseconds for one window of one series."""
    noise = np.random.default_rng(0).normal(size=(2, PEER_SERIES, 60))

    def once(_: int) -> None:
        for mine, other in zip(*noise, strict=True):
            stats.wasserstein_distance(mine, other)

    return float(np.median(milliseconds(once, 10))) / PEER_SERIES


def measure() -> str:
    river, loop = adwin(), scipy_loop()
    rows = []
    for count in SIZES:
        series = Series(count)
        ticks = milliseconds(series.tick, TICKS)
        new = float(np.median(milliseconds(series.novelty, TICKS // 4)))
        far = float(np.median(milliseconds(series.distance, 30)))
        rows.append(
            [
                f"{count}",
                f"{np.median(ticks):.2f}",
                f"{ticks.mean():.2f}",
                f"{ticks.max():.1f}",
                f"{new:.2f}",
                f"{far:.2f}",
                f"{river * count:.2f} ({river * count / np.median(ticks):.1f})",
                f"{loop * count:.1f} ({loop * count / far:.0f})",
            ]
        )
    head = ["series", "tick, ms", "mean", "largest", "novelty alone", "distance alone"]
    head += ["river ADWIN (over tick)", "scipy loop (over distance)"]
    return f"{4 * profile.WIDTH} bytes a series.\n\n" + table(head, rows)
