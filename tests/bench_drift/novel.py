"""The frozen detector on the Numenta Anomaly Benchmark

Score of the published rules, computed here; that scorer is first shown to give the published score
of a detector that is simple enough to be written anew (the windowed Gaussian, whose stored scores
have twelve digits). One threshold for all files, as the benchmark does it, chosen with its labels.
The shape of our detector was chosen with these labels in sight, so the nested figure beside it is
the fairer one: each half of the files (every other one) is scored with the configuration and the
threshold that were best on the other half, of the 12 configurations that lie around the frozen one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np

from aisec_daemon.numerics import novelty
from tests.bench.report import table
from tests.bench_drift import nab

SOURCE = "github.com/numenta/NAB (data, labels, results/final_results.json)"
BUDGETS = (300, 150, 64, 30, 10, 3, 1)
GRAINS, RENEWALS, HALF_LIVES = (0.035, 0.04, 0.05), (100, 120), (30.0, 40.0)


def scores(files: list[nab.File]) -> list[np.ndarray]:
    """Return the novelty of every value of every file, each file a series."""
    order = sorted(range(len(files)), key=lambda at: -len(files[at].values))
    lengths = [len(files[at].values) for at in order]
    told = [np.zeros(len(file.values), np.float32) for file in files]
    memory, alive = novelty.empty(len(files)), len(files)
    for second in range(lengths[0]):
        if lengths[alive - 1] <= second:
            alive = sum(length > second for length in lengths)
            memory = memory[:, :alive].copy()
        now = [files[at].values[second] for at in order[:alive]]
        found = novelty.novelty(memory, np.array(now, np.float32))
        for at, score in zip(order[:alive], found, strict=True):
            told[at][second] = score
    return told


def gaussian(values: np.ndarray, window: int = 6400, stride: int = 100) -> np.ndarray:
    """Return the benchmark's windowed Gaussian: one minus the tail beyond each value."""
    told = np.zeros(len(values))
    total = square = 0.0
    mean, deviation = 0.0, 1.0
    for at, value in enumerate(values.tolist()):
        if at:
            z = abs(value - mean) / deviation
            told[at] = 1.0 - 0.5 * math.erfc(z / math.sqrt(2.0))
        if at < window:
            total, square = total + value, square + value * value
            mean = total / (at + 1)
            variance = square / (at + 1) - mean * mean
            deviation = math.sqrt(variance) if variance > 1e-12 * max(square / (at + 1), 1) else 0
        elif (at - window) % stride == stride - 1:
            kept = values[at + 1 - window : at + 1]
            mean, deviation = float(kept.mean()), float(kept.std())
        deviation = deviation or 1e-6
    return np.round(told, 12)


@contextmanager
def configured(grain: float, renewed: int, half_life: float) -> Iterator[None]:
    """Change the frozen configuration for a while."""
    frozen = novelty.GRAIN, novelty.RENEWED, novelty._GAIN
    novelty.GRAIN, novelty.RENEWED = np.float32(grain), renewed
    novelty._GAIN = np.float32(1.0 - 0.5 ** (1.0 / half_life))
    try:
        yield
    finally:
        novelty.GRAIN, novelty.RENEWED, novelty._GAIN = frozen


def nested(files: list[nab.File]) -> list[list[str]]:
    """Choose on one half, score on the other, both ways."""
    told = []
    for choice in product(GRAINS, RENEWALS, HALF_LIVES):
        with configured(*choice):
            told.append(scores(files))
    halves = [range(0, len(files), 2), range(1, len(files), 2)]
    rows = []
    for profile in nab.PROFILES:
        held = []
        for mine, other in (halves, halves[::-1]):
            chosen, threshold = _choose(files, told, list(mine), profile)
            points = _half(files, chosen, list(other))
            held.append(nab.at_threshold(points, profile, threshold))
        rows.append([profile.name, *(f"{each:.2f}" for each in held), f"{np.mean(held):.2f}"])
    return rows


def _half(files: list[nab.File], told: list[np.ndarray], half: list[int]) -> nab.Points:
    return nab.points([files[at] for at in half], [told[at] for at in half])


def _choose(
    files: list[nab.File], told: list[list[np.ndarray]], half: list[int], profile: nab.Profile
) -> tuple[list[np.ndarray], float]:
    found = [(nab.best(_half(files, each, half), profile), each) for each in told]
    (_, threshold), chosen = max(found, key=lambda each: each[0][0])
    return chosen, threshold


def measure(folder: Path) -> str:
    """Score scorer and detector, and write the tables."""
    files = nab.load(folder)
    published = json.loads((folder / "final_results.json").read_text())
    check = nab.points(files, [gaussian(file.values) for file in files])
    mine = nab.points(files, scores(files))
    rows = [
        _row("windowed Gaussian, computed here", [nab.best(check, p)[0] for p in nab.PROFILES]),
        *(
            _row(f"{name}, published", [published[name][p.name] for p in nab.PROFILES])
            for name in ("windowedGaussian", "numenta", "contextOSE", "ARTime")
        ),
        _row("**this one, frozen**", [nab.best(mine, p)[0] for p in nab.PROFILES]),
    ]
    caught = [[f"{nab.caught(mine, budget)}" for budget in BUDGETS]]
    parts = [
        table(["detector", *(p.name for p in nab.PROFILES)], rows),
        f"Windows caught of {mine.count} with at most so many false points:",
        table([f"{budget}" for budget in BUDGETS], caught),
        "Nested, configuration and threshold chosen on the other half:",
        table(["profile", "half 1", "half 2", "mean"], nested(files)),
    ]
    return "\n\n".join(parts)


def _row(name: str, values: list[float]) -> list[str]:
    return [name, *(f"{value:.2f}" for value in values)]
