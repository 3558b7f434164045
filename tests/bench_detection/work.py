"""The work: nodes played and judged, in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.bench_detection.cast import Night
from tests.bench_detection.judge import Result, Told, play, results
from tests.bench_detection.panel import Panel
from tests.bench_detection.views import VIEWS
from tests.traces import takes
from tests.traces.takes import Take

RECORDED_SECONDS = 600


@dataclass(frozen=True)
class Judged:
    """Results, and what was told that belongs to no scene."""

    results: tuple[Result, ...] = ()
    strays: tuple[Told, ...] = ()

    def __add__(self, other: Judged) -> Judged:
        return Judged(self.results + other.results, self.strays + other.strays)


def of_take(panel: Panel, take: Take, views: Sequence[str]) -> Judged:
    """Judge one take in each of some views; strays are counted in the first."""
    judged = Judged()
    for view in views:
        told = play(take, panel.detectors(), VIEWS[view])
        found, strays = results(take, told, view)
        judged += Judged(tuple(found), tuple(strays) if view == views[0] else ())
    return judged


def of_night(panel: Panel, night: Night) -> Judged:
    """Judge one simulated node."""
    return of_take(panel, night.take(), night.views)


def of_nights(panel: Panel, nights: Sequence[Night]) -> Judged:
    """Judge many, side by side."""
    return _together(partial(of_night, panel), nights)


def of_recorded(panel: Panel, seconds: int = RECORDED_SECONDS) -> Judged:
    """Judge our own recordings, lengthened."""
    names = [take.name for take in takes.recorded(0)]
    return _together(partial(_of_recording, panel, seconds), names)


def of_public(panel: Panel, folder: Path) -> Judged:
    """Judge other people's logs."""
    paths = sorted(folder.glob("*/*.csv.gz"))
    return _together(partial(_of_log, panel), paths)


def _of_recording(panel: Panel, seconds: int, name: str) -> Judged:
    return of_take(panel, takes.recording(name, seconds), ("everything", "power"))


def _of_log(panel: Panel, path: Path) -> Judged:
    return of_take(panel, takes.public_log(path), ("everything",))


def _together(job: partial[Judged], parts: Iterable[object]) -> Judged:
    """Run a job for each part; the sum does not depend on who was first."""
    parts = list(parts)
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return sum(pool.map(job, parts, chunksize=1), Judged())
