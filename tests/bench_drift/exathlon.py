"""False alarms on real normal data: calibrated on some applications, counted on the others

Undisturbed Spark runs of three applications, 1 Hz, about 1,070 live series each. Every run starts
without a past and learns for 900 s. Counters are differenced (in the daemon their table says which
they are; here those that never fall are taken for counters). The three scores share the budget
equally. An alarm is the first second past a threshold after 300 s below it, as the daemon opens
findings, though here every series goes on learning whatever it scored, and all series are of one
kind. `cases` counts what the daemon would tell: one case for all series of one node, one executor
or the driver, until none of them was past its threshold for 300 s. (In the daemon a case has about
13 series and not 150: its number of cases lies between these two.) `moments` counts openings of one
run that follow each other within a minute as one. `later` counts openings at an age, in seconds of
its run, that no run calibrated on reached: two of the four runs of application 1 last an hour, all
others three quarters, and after 55 minutes of both a great write goes to the disks and networks of
all nodes, a thousandfold of what they ever had. No rate of others' blocks can promise that away.

Two intervals of 95 %: the exact Poisson interval of the rate takes openings for independent, which
they are not. That of observed/target, by runs, draws the runs calibrated on and the runs counted on
again, both with replacement, in every possible way, and goes through the whole calibration for
each. With four runs a side it is too narrow, if anything. Runs tell a factor of two where its upper
end is at most four times its lower end.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aisec_daemon.numerics import calibration, profile
from tests.bench_drift import repeats, verdict

LEARN, BLOCK, HOLD, EVERY, MOMENT = 900, 300, 300, 10, 60
WEEK = 604_800
TARGETS = (100.0, 30.0, 10.0, 3.0, 1.0)
PROMISED = (10.0, 1.0)
SPLITS = (("1", "67"), ("67", "1"))
SOURCE = "github.com/exathlonbenchmark/exathlon, data/raw, undisturbed traces (names with _0_)"


_ALIKE = """The same where every run, calibrated or counted on, ends {} s after learning, so that no
age is judged that was not calibrated on. (Thought of after it was seen where the openings of the
first table lie.)"""


class Run(NamedTuple):
    """One run: its application, its scores (3, T, S) after learning, and whose series they are."""

    application: str
    told: np.ndarray
    owners: np.ndarray

    def until(self, age: int) -> Run:
        """Return its first `age` seconds."""
        return self._replace(told=self.told[:, :age])

    @property
    def age(self) -> int:
        return self.told.shape[1]

    @property
    def weeks(self) -> float:
        return float((~np.isnan(self.told[0])).sum() / WEEK)


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the live series of one run, (T, S), and the node or process that each is of."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    lines = text.splitlines()
    owners = np.array([name.split("_")[0] for name in lines[0].split(",")[1:]])
    rows = np.array([line.split(",") for line in lines[1:]])[:, 1:]
    values = np.where(rows == "", "nan", rows).astype(np.float64)
    values[values == -1.0] = np.nan  # the benchmark's own mark of a missing value
    known = (~np.isnan(values)).mean(axis=0) > 0.5
    values = values[:, known]
    rises = np.diff(values, axis=0)
    counter = ~(rises < 0).any(axis=0) & ((rises > 0).sum(axis=0) > 10)
    values[1:, counter] = rises[:, counter]
    values[0, counter] = np.nan
    live = np.nanmax(values[1:], axis=0) > np.nanmin(values[1:], axis=0)
    return values[1:, live].astype(np.float32), owners[known][live]


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


def passed(told: np.ndarray, lines: Sequence[float]) -> np.ndarray:
    """Tell when each series is past one of its thresholds, (T, S)."""
    return (told >= np.array(lines, np.float32)[:, None, None]).any(axis=0)


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


def counted(runs: Sequence[Run], lines: Sequence[float], reached: int) -> verdict.Count:
    """Count what `runs` open; `reached` is the age of the oldest run calibrated on."""
    total = np.zeros(len(verdict.Count._fields), int)
    for run in runs:
        past = passed(run.told, lines)
        seconds = openings(past)
        of_owner = [past[:, run.owners == owner].any(axis=1) for owner in np.unique(run.owners)]
        moments = len(seconds) and 1 + int((np.diff(seconds) > MOMENT).sum())
        later = sum(second >= reached for second in seconds)
        total += (len(seconds), moments, len(openings(np.stack(of_owner, axis=1))), later)
    return verdict.Count(*map(int, total))


def measure(folder: Path) -> str:
    """Run both splits, to the end of each run and to the age that all reach, and say what holds."""
    runs = load(folder)
    common = min(run.age for run in runs) // BLOCK * BLOCK
    whole, alike = results(runs, TARGETS), results([run.until(common) for run in runs], PROMISED)
    return "\n\n".join(
        [
            verdict.table_of(whole),
            verdict.sentences(whole),
            _ALIKE.format(common),
            verdict.table_of(alike),
            verdict.sentences(alike),
        ]
    )


def load(folder: Path) -> list[Run]:
    """Read and score every run."""
    runs = []
    for path in sorted(folder.glob("*.zip")):
        values, owners = read(path)
        runs.append(Run(path.name.split("_")[0], scores(values), owners))
    return runs


def results(runs: Sequence[Run], targets: Sequence[float]) -> list[verdict.Result]:
    """Calibrate on some applications and count on the others, for every split and target."""
    found = []
    for split in SPLITS:
        train, test = ([run for run in runs if run.application in side] for side in split)
        blocks = [pooled([run.told]) for run in train]
        weeks = [run.weeks for run in test]
        for target in targets:
            count = counted(test, _lines(blocks, target), max(run.age for run in train))
            again = [
                ([len(openings(passed(run.told, lines))) for run in test], likely)
                for lines, likely in (
                    (_lines([blocks[run] for run in chosen], target), likely)
                    for chosen, likely in repeats.draws(len(blocks))
                )
            ]
            low, high = repeats.interval(again, weeks)
            size = sum(part.shape[1] for part in blocks)
            within = (low / target, high / target)
            found.append(verdict.Result(*split, size, sum(weeks), target, count, within))
    return found


def _lines(blocks: Sequence[np.ndarray], target: float) -> list[float]:
    return thresholds(np.concatenate(blocks, axis=1), target)
