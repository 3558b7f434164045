"""Real normal data: the runs of Exathlon that nobody disturbed, scored, and what they open."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aisec_daemon.numerics import calibration, profile

LEARN, BLOCK, HOLD, EVERY, MOMENT = 900, 300, 300, 10, 60
WEEK = 604_800


class Run(NamedTuple):
    """One run: its application, its scores (3, T, S) after learning, and whose series they are.

    `owners` are nodes, executors and the driver, `kinds` metrics without their numbers. Runs of one
    `period` were recorded at the same time, on the same nodes.
    """

    application: str
    told: np.ndarray
    owners: np.ndarray
    kinds: np.ndarray
    period: int

    def until(self, age: int) -> Run:
        """Return its first `age` seconds."""
        return self._replace(told=self.told[:, :age])

    @property
    def age(self) -> int:
        return self.told.shape[1]

    @property
    def weeks(self) -> float:
        return float((~np.isnan(self.told[0])).sum() / WEEK)


class Text(NamedTuple):
    """A run as it was recorded: (T, S) values of named series, and its first second."""

    names: np.ndarray
    values: np.ndarray
    begin: float


def load(folder: Path) -> list[Run]:
    """Read and score every run; those that begin within minutes are of one period."""
    found: list[Run] = []
    begins: list[float] = []
    texts = {path: read(path) for path in sorted(folder.glob("*.zip"))}
    for path, text in sorted(texts.items(), key=lambda item: item[1].begin):
        if not begins or text.begin - begins[-1] > LEARN:
            begins.append(text.begin)
        parts = [name.partition("_") for name in text.names]
        owners = np.array([owner for owner, _, _ in parts])
        kinds = np.array([re.sub(r"[0-9]+", "", metric) for _, _, metric in parts])
        application = path.name.partition("_")[0]
        found.append(Run(application, scores(text.values), owners, kinds, len(begins)))
    return found


def read(path: Path) -> Text:
    """Return the live series of one run."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    lines = text.splitlines()
    rows = np.array([line.split(",") for line in lines[1:]])
    names, rows, times = np.array(lines[0].split(",")[1:]), rows[:, 1:], rows[:, 0]
    values = np.where(rows == "", "nan", rows).astype(np.float64)
    values[values == -1.0] = np.nan  # the benchmark's own mark of a missing value
    known = (~np.isnan(values)).mean(axis=0) > 0.5
    values = values[:, known]
    rises = np.diff(values, axis=0)
    counter = ~(rises < 0).any(axis=0) & ((rises > 0).sum(axis=0) > 10)
    values[1:, counter] = rises[:, counter]
    values[0, counter] = np.nan
    live = np.nanmax(values[1:], axis=0) > np.nanmin(values[1:], axis=0)
    kept = values[1:, live].astype(np.float32)
    return Text(names[known][live], kept, float(times[0]))


def scores(values: np.ndarray, learn: int = LEARN) -> np.ndarray:
    """Return the three scores after learning, (3, T - learn, S); NaN where not judged."""
    memory = profile.empty(values.shape[1])
    always = np.ones(values.shape[1], bool)
    told = np.full((3, *values.shape), np.nan, np.float32)
    for second, row in enumerate(values):
        told[:2, second] = profile.tick(memory, row, always)
        if second % EVERY == EVERY - 1:
            told[2, second] = profile.distance(memory)
        if second % profile.MINUTE == profile.MINUTE - 1:
            profile.learn_minute(memory, always)
    return told[:, learn:]


def maxima(told: np.ndarray) -> np.ndarray:
    """Return block maxima, (3, blocks, S); a last part of a block is left out."""
    blocks = told.shape[1] // BLOCK
    cut = told[:, : blocks * BLOCK].reshape(3, blocks, BLOCK, -1)
    return np.fmax.reduce(cut, axis=2)


def pooled(runs: Sequence[np.ndarray]) -> np.ndarray:
    """Return the block maxima of all series of some runs, (3, N)."""
    return np.concatenate([maxima(told).reshape(3, -1) for told in runs], axis=1)


def passed(told: np.ndarray, lines: Sequence[float] | np.ndarray) -> np.ndarray:
    """Tell when each series is past one of its thresholds, (T, S); `lines` (3,) or (3, S)."""
    return (told >= np.array(lines, np.float32).reshape(3, 1, -1)).any(axis=0)


def openings(past: np.ndarray) -> list[int]:
    """Return the second of every opening of `past` (T, S), of all its series."""
    found: list[int] = []
    past = past[:, past.any(axis=0)]
    quiet_until = np.full(past.shape[1], -1)
    for second in np.flatnonzero(past.any(axis=1)):
        found += [int(second)] * int((past[second] & (quiet_until < second)).sum())
        quiet_until[past[second]] = second + HOLD
    return found


def thresholds(maxima: np.ndarray, target: float, shares: int = 3) -> list[float]:
    """Return the threshold of each score for `target` alarms per series-week in all."""
    share = target / shares * BLOCK / WEEK
    return [calibration.threshold(each.astype(np.float64), share) for each in maxima]
