"""Calibrated on some applications, counted on the others: what is seen, and what else may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tests.bench_drift import repeats, verdict
from tests.bench_drift.runs import BLOCK, MOMENT, Run, maxima, openings, passed, pooled, thresholds

SPLITS = (("1", "67"), ("67", "1"))
KIND_BLOCKS = 288


def sides(runs: Sequence[Run]) -> Iterator[tuple[list[Run], list[Run]]]:
    """Yield the runs calibrated on and those counted on, of each split."""
    for split in SPLITS:
        train, test = ([run for run in runs if run.application in side] for side in split)
        yield train, test


def results(runs: Sequence[Run], targets: Sequence[float]) -> list[verdict.Result]:
    """Count for every split and target, with an interval by periods."""
    found = []
    for split, (train, test) in zip(SPLITS, sides(runs), strict=True):
        blocks = [pooled([run.told for run in each]) for each in periods(train)]
        groups = periods(test)
        weeks = [sum(run.weeks for run in group) for group in groups]
        for target in targets:
            again = [
                (_of_groups(groups, _lines([blocks[at] for at in chosen], target)), likely)
                for chosen, likely in repeats.draws(len(blocks))
            ]
            low, high = repeats.interval(again, weeks)
            count = sum(_of_groups(groups, _lines(blocks, target)))
            size = sum(part.shape[1] for part in blocks)
            within = (low / target, high / target)
            found.append(verdict.Result(*split, size, sum(weeks), target, count, within))
    return found


def looks(runs: Sequence[Run], targets: Sequence[float]) -> list[verdict.Look]:
    """Count the same in other ways."""
    found = []
    for split, (train, test) in zip(SPLITS, sides(runs), strict=True):
        weeks = sum(run.weeks for run in test)
        reached = max(run.age for run in train)
        for target in targets:
            lines = thresholds(pooled([run.told for run in train]), target)
            moments, cases, later = np.sum([_seen(run, lines, reached) for run in test], axis=0)
            ways: tuple[Callable[[Run], Sequence[float] | np.ndarray], ...] = (
                lambda run, train=train, target=target: apart(train, run, target),
                lambda run, train=train, target=target: by_kind(train, run, target),
            )
            others = [
                sum(len(openings(passed(run.told, way(run)))) for run in test) / weeks / target
                for way in ways
            ]
            of_cases = int(cases) / weeks / target
            found.append(
                verdict.Look(
                    *split, target, int(moments), int(cases), of_cases, int(later), *others
                )
            )
    return found


def periods(runs: Sequence[Run]) -> list[list[Run]]:
    """Return runs of the same time together."""
    found: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.period].append(run)
    return list(found.values())


def spans(runs: Sequence[Run]) -> int:
    """Return in how many spans of a block the runs were; those of one time are counted once."""
    return sum(max(run.age for run in group) // BLOCK for group in periods(runs))


def apart(train: Sequence[Run], run: Run, target: float) -> list[float]:
    """Return thresholds from what was not recorded beside `run`."""
    told = [other.told for other in train if other.period != run.period]
    return thresholds(pooled(told), target)


def by_kind(train: Sequence[Run], run: Run, target: float) -> np.ndarray:
    """Return thresholds by kind of series, (3, S); those of all where a kind has few blocks."""
    every = thresholds(pooled([other.told for other in train]), target)
    lines = np.tile(np.array(every)[:, None], len(run.kinds))
    for kind in np.unique(run.kinds):
        parts = [
            maxima(other.told[:, :, other.kinds == kind]).reshape(3, -1)
            for other in train
            if (other.kinds == kind).any()
        ]
        if sum(part.shape[1] for part in parts) >= KIND_BLOCKS:
            own = thresholds(np.concatenate(parts, axis=1), target)
            lines[:, run.kinds == kind] = np.array(own)[:, None]
    return lines


def _seen(run: Run, lines: Sequence[float], reached: int) -> tuple[int, int, int]:
    """Return moments, cases, and openings at an age beyond `reached`."""
    past = passed(run.told, lines)
    seconds = openings(past)
    of_owner = [past[:, run.owners == owner].any(axis=1) for owner in np.unique(run.owners)]
    moments = len(seconds) and 1 + int((np.diff(seconds) > MOMENT).sum())
    later = sum(second >= reached for second in seconds)
    return moments, len(openings(np.stack(of_owner, axis=1))), later


def _lines(blocks: Sequence[np.ndarray], target: float) -> list[float]:
    return thresholds(np.concatenate(blocks, axis=1), target)


def _of_groups(groups: Sequence[Sequence[Run]], lines: Sequence[float]) -> list[int]:
    return [sum(len(openings(passed(run.told, lines))) for run in group) for group in groups]
