"""The Numenta Anomaly Benchmark: its files, and its score computed anew from its published rules.

The first detection in a window earns up to 1, the earlier the more; every point outside of windows
costs `false` (less just behind a window), a window without a detection `missed`. The first 15 %
of a file (750 points at most) are not scored. 0 is silence, 100 perfection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROBATION, PROBATION_MOST = 0.15, 750


@dataclass(frozen=True)
class Profile:
    """What a false point and a missed window cost."""

    name: str
    false: float
    missed: float


STANDARD = Profile("standard", 0.11, 1.0)
LOW_FALSE = Profile("reward_low_FP_rate", 0.22, 1.0)
LOW_MISSED = Profile("reward_low_FN_rate", 0.11, 2.0)
PROFILES = (STANDARD, LOW_FALSE, LOW_MISSED)


@dataclass(frozen=True)
class File:
    """One series: its values, and its windows as first and last index."""

    name: str
    values: np.ndarray
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        return min(int(PROBATION * len(self.values)), PROBATION_MOST)


@dataclass(frozen=True)
class Points:
    """All scored points of several files: score, window (-1 outside), reward if it is told."""

    scores: np.ndarray
    windows: np.ndarray
    rewards: np.ndarray
    count: int  # of windows

    def ranked(self) -> Points:
        """Sort by score, the highest first."""
        order = np.argsort(-self.scores, kind="stable")
        return Points(self.scores[order], self.windows[order], self.rewards[order], self.count)


def load(folder: Path) -> list[File]:
    """Read every file and its windows."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    return [_file(folder / "data" / name, name, spans) for name, spans in sorted(labels.items())]


def _file(path: Path, name: str, spans: list[list[str]]) -> File:
    lines = path.read_text().splitlines()[1:]
    times = [line.split(",")[0] for line in lines]
    values = np.array([float(line.split(",")[1]) for line in lines])
    index = {time: at for at, time in reversed(list(enumerate(times)))}
    windows = tuple((index[a.split(".")[0]], index[b.split(".")[0]]) for a, b in spans)
    return File(name, values, windows)


def _sigmoid(position: np.ndarray) -> np.ndarray:
    """Return the reward at a place: 1 window before its end is -1, three windows behind it 3."""
    return np.where(position > 3.0, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, 3.0))) - 1)


def _points(file: File, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each point's window (numbered from `first`, -1 outside) and reward."""
    at = np.arange(len(file.values))
    window = np.full(len(at), -1)
    reward = np.full(len(at), -1.0)
    best = float(_sigmoid(np.array(-1.0)))
    for number, (begin, end) in enumerate(file.windows):
        width = end - begin + 1
        inside = (at >= begin) & (at <= end)
        window[inside] = first + number
        reward[inside] = _sigmoid(-(end - at[inside] + 1) / width) / best
        reward[at > end] = _sigmoid((at[at > end] - end) / (width - 1))
    return window, reward


def points(files: list[File], scores: list[np.ndarray]) -> Points:
    """Put the scored points of files together."""
    parts, count = [], 0
    for file, score in zip(files, scores, strict=True):
        window, reward = _points(file, count)
        kept = slice(file.probation, None)
        parts.append((score[kept], window[kept], reward[kept]))
        count += len(file.windows)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Points(*columns, count)


def curve(given: Points, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds, falling, and the score that each gives."""
    ranked = given.ranked()
    inside = ranked.windows >= 0
    gain = np.where(inside, 0.0, profile.false * ranked.rewards)
    best = np.full(ranked.count, -profile.missed)
    for at in np.flatnonzero(inside):
        window, reward = ranked.windows[at], ranked.rewards[at]
        if reward > best[window]:
            gain[at] += reward - best[window]
            best[window] = reward
    total = np.cumsum(gain) - profile.missed * ranked.count
    last = np.append(ranked.scores[1:] != ranked.scores[:-1], True)  # ties are told together
    low, high = -profile.missed * ranked.count, float(ranked.count)
    return ranked.scores[last], 100 * (total[last] - low) / (high - low)


def best(given: Points, profile: Profile) -> tuple[float, float]:
    """Return the best score of any threshold, and that threshold; silence is one of them."""
    thresholds, values = curve(given, profile)
    at = int(np.argmax(values))
    return (float(values[at]), float(thresholds[at])) if values[at] > 0 else (0.0, np.inf)


def at_threshold(given: Points, profile: Profile, threshold: float) -> float:
    """Return the score of one threshold."""
    thresholds, values = curve(given, profile)
    told = np.flatnonzero(thresholds >= threshold)
    return float(values[told[-1]]) if len(told) else 0.0


def caught(given: Points, false_points: int) -> int:
    """Return how many windows are caught with at most so many points told outside of them."""
    ranked = given.ranked()
    false = np.cumsum(ranked.windows < 0)
    last = np.append(ranked.scores[1:] != ranked.scores[:-1], True)
    fitting = np.flatnonzero(last & (false <= false_points))
    if not len(fitting):
        return 0
    told = ranked.windows[: fitting[-1] + 1]
    return len(set(told[told >= 0].tolist()))
