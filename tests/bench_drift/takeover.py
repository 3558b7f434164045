"""What is found at the rate that is promised

Made-up power of a training job on 96 GPUs: 600 W with correlated noise of 12 W, a dip to 350 W of
20 s every ten minutes, 1 Hz, twelve hours. Their block maxima give the thresholds of the daemon's
default, 0.5 false alarms per GPU-week over 13 series of each GPU. Then the job changes on all of
them. Told is the first second past a threshold; missed is what was not told within half an hour.
This shows what a rate costs, on data that is far better behaved than real data.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from aisec_daemon.detectors.drift import budget
from aisec_daemon.numerics import calibration, profile
from tests.bench.report import table
from tests.bench_drift.runs import BLOCK, EVERY, LEARN

GPUS, HOURS, AFTER, SERIES, RATE = 96, 12, 1800, 13, 0.5
CHANGES = {
    "no change": (1.0, 0.0, 1.0, True),
    "level +2 sd": (1.0, 24.0, 1.0, True),
    "level +5 sd": (1.0, 60.0, 1.0, True),
    "level +10 sd": (1.0, 120.0, 1.0, True),
    "down to a half": (0.5, 0.0, 1.0, True),
    "noise three times as large": (1.0, 0.0, 3.0, True),
    "noise a tenth": (1.0, 0.0, 0.1, True),
    "no dips any more": (1.0, 0.0, 1.0, False),
}


class Job:
    """Power of all GPUs, second by second."""

    def __init__(self, seed: int) -> None:
        self._numbers = np.random.default_rng(seed)
        self._noise = np.zeros(GPUS)
        self._phase = self._numbers.integers(0, 600, GPUS)

    def watts(self, second: int, change=(1.0, 0.0, 1.0, True)) -> np.ndarray:
        factor, shift, noise, dips = change
        fresh = self._numbers.normal(size=GPUS)
        self._noise = 0.8 * self._noise + 0.6 * fresh
        dip = ((second + self._phase) % 600 < 20) & dips
        level = np.where(dip, 350.0, 600.0) * factor + shift
        return (level + 12.0 * noise * self._noise).astype(np.float32)


class Watch:
    """Profiles of all GPUs."""

    def __init__(self, memory: np.ndarray | None = None) -> None:
        self.memory = profile.empty(GPUS) if memory is None else memory.copy()
        self._far = np.full(GPUS, np.nan, np.float32)

    def scores(self, second: int, watts: np.ndarray, learn: np.ndarray) -> np.ndarray:
        two = profile.tick(self.memory, watts, learn)
        if second % EVERY == 0:
            self._far = profile.distance(self.memory)
        if second % profile.MINUTE == 0:
            profile.learn_minute(self.memory, learn)
        return np.vstack([two, self._far[None]])


def lived(job: Job) -> tuple[Watch, np.ndarray]:
    """Return the profiles after all hours, and their block maxima (3, N)."""
    watch, always, most, blocks = Watch(), np.ones(GPUS, bool), None, []
    for second in range(1, HOURS * 3600 + 1):
        scores = watch.scores(second, job.watts(second), always)
        most = scores if most is None else np.fmax(most, scores)
        if second % BLOCK == 0:
            if second > LEARN:
                blocks.append(most)
            most = None
    return watch, np.concatenate(blocks, axis=1)


def delays(watch: Watch, job: Job, change, lines: np.ndarray) -> np.ndarray:
    """Return after how many seconds each GPU was told, inf if it was not."""
    after, told = Watch(watch.memory), np.full(GPUS, np.inf)
    begun = HOURS * 3600
    for second in range(1, AFTER + 1):
        scores = after.scores(begun + second, job.watts(begun + second, change), np.isinf(told))
        past = (scores >= lines[:, None]).any(axis=0)
        told[past & np.isinf(told)] = second
    return told


def measure() -> str:
    job = Job(1)
    watch, maxima = lived(job)
    share = budget.share(RATE, 1, SERIES)
    lines = np.array([calibration.threshold(each.astype(float), share) for each in maxima])
    shipped = np.array([budget.provisional(name, share) for name in profile.SCORES])
    rows = []
    for name, change in CHANGES.items():
        cells = []
        for thresholds in (lines, shipped):
            told = delays(watch, deepcopy(job), change, thresholds)
            missed = int(np.isinf(told).sum())
            median = "—" if missed > GPUS // 2 else f"{np.median(told):.0f}"
            cells += [median, f"{missed} of {GPUS}"]
        rows.append([name, *cells])
    shown = ", ".join(
        f"{name} {line:.3g} (shipped {late:.3g})"
        for name, line, late in zip(profile.SCORES, lines, shipped, strict=True)
    )
    head = ["change", "told after, s", "missed", "provisional: told after, s", "missed"]
    return f"Thresholds from {maxima.shape[1]} blocks: {shown}.\n\n" + table(head, rows)
