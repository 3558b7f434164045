"""False alarms on real normal data: calibrated on some applications, counted on the others

Undisturbed Spark runs of three applications, 1 Hz, about 1,070 live series each. Every run starts
without a past and learns for 900 s. Counters are differenced (in the daemon their table says which
they are; here those that never fall are taken for counters). The three scores share the budget
equally. An alarm is the first second past a threshold after 300 s below it, as the daemon opens
findings, though here every series goes on learning whatever it scored. Intervals are exact Poisson
intervals of 95 % of what was counted. The truth is wider, since series of one node move together:
`moments` counts openings of one run that follow each other within a minute as one.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from scipy import stats

from aisec_daemon.numerics import calibration, profile
from tests.bench.report import table

LEARN, BLOCK, HOLD, EVERY, MOMENT = 900, 300, 300, 10, 60
WEEK = 604_800
TARGETS = (100.0, 30.0, 10.0, 3.0, 1.0)
SPLITS = (({"1"}, {"6", "7"}), ({"6", "7"}, {"1"}))
SOURCE = "github.com/exathlonbenchmark/exathlon, data/raw, undisturbed traces (names with _0_)"


def read(path: Path) -> np.ndarray:
    """Return the live series of one run, (T, S)."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    rows = np.array([line.split(",") for line in text.splitlines()[1:]])[:, 1:]
    values = np.where(rows == "", "nan", rows).astype(np.float64)
    values[values == -1.0] = np.nan  # the benchmark's own mark of a missing value
    known = (~np.isnan(values)).mean(axis=0) > 0.5
    values = values[:, known]
    rises = np.diff(values, axis=0)
    counter = ~(rises < 0).any(axis=0) & ((rises > 0).sum(axis=0) > 10)
    values[1:, counter] = rises[:, counter]
    values[0, counter] = np.nan
    live = np.nanmax(values[1:], axis=0) > np.nanmin(values[1:], axis=0)
    return values[1:, live].astype(np.float32)


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


def alarms(told: np.ndarray, thresholds: list[float]) -> tuple[int, int]:
    """Count the openings of one run, of all series and all three scores, and their moments.

    Openings less than a minute after the last one are of the same moment.
    """
    past = (told >= np.array(thresholds, np.float32)[:, None, None]).any(axis=0)
    opened, moments, last, quiet_until = 0, 0, -np.inf, np.full(past.shape[1], -1)
    for second in np.flatnonzero(past.any(axis=1)):
        now = int((past[second] & (quiet_until < second)).sum())
        if now:
            opened += now
            moments += second - last > MOMENT
            last = second
        quiet_until[past[second]] = second + HOLD
    return opened, moments


def thresholds(pooled: np.ndarray, target: float, shares: int = 3) -> list[float]:
    """Return the threshold of each score for `target` alarms per series-week in all."""
    share = target / shares * BLOCK / WEEK
    return [calibration.threshold(each.astype(np.float64), share) for each in pooled]


def measure(folder: Path) -> str:
    """Run both splits and write the table."""
    runs: dict[str, list[np.ndarray]] = {}
    for path in sorted(folder.glob("*.zip")):
        runs.setdefault(path.name.split("_")[0], []).append(scores(read(path)))
    rows = []
    for train, test in SPLITS:
        pooled = np.concatenate(
            [maxima(told).reshape(3, -1) for app in sorted(train) for told in runs[app]], axis=1
        )
        held = [told for app in sorted(test) for told in runs[app]]
        weeks = sum((~np.isnan(told[0])).sum() for told in held) / WEEK
        for target in TARGETS:
            lines = thresholds(pooled, target)
            counts = np.sum([alarms(told, lines) for told in held], axis=0)
            rows.append(_row(train, test, pooled.shape[1], target, weeks, counts))
    head = ["calibrated on", "blocks", "counted on", "series-weeks", "target", "observed"]
    return table([*head, "95 % interval", "observed/target", "moments"], rows)


def _row(train, test, blocks, target, weeks, counts) -> list[str]:
    count, moments = map(int, counts)
    low = stats.chi2.ppf(0.025, 2 * count) / 2 / weeks if count else 0.0
    high = stats.chi2.ppf(0.975, 2 * count + 2) / 2 / weeks
    names = (f"application {' and '.join(sorted(each))}" for each in (train, test))
    return [
        next(names),
        f"{blocks}",
        next(names),
        f"{weeks:.1f}",
        f"{target:g}",
        f"{count / weeks:.2f} ({count})",
        f"{low:.2f} to {high:.2f}",
        f"{count / weeks / target:.2f}",
        f"{moments}",
    ]
