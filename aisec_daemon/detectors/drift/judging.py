"""One instant of all series: scored, held against their thresholds, and learned where calm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.drift import budget
from aisec_daemon.detectors.drift.ledger import Ledger
from aisec_daemon.detectors.drift.pool import BLOCK_SECONDS
from aisec_daemon.detectors.drift.series import Series
from aisec_daemon.detectors.drift.telling import Change
from aisec_daemon.numerics import profile

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Doubles = NDArray[np.float64]

CALM_SECONDS = 300.0  # without anything past the line before a series is learned again
GONE_SECONDS = 10.0  # without a value before a series begins anew
_DISTANCE_SECONDS = 10.0
_SUMS_ROOM = 1.2  # how far past its threshold a sum of deviations may go


class Patience(Protocol):
    """The settings that judging needs."""

    @property
    def learn(self) -> float:
        """Readings before a series is judged."""

    @property
    def settle(self) -> float:
        """Seconds after its begin in which it is not."""

    @property
    def accept(self) -> float:
        """Seconds after which what persists is learned."""


@dataclass(frozen=True)
class Judgement:
    """What was found of `series`: `score` (S,) with NaN for what is not judged yet."""

    series: Series
    score: Doubles
    which: NDArray[np.intp]  # the score that is furthest past its threshold
    ready: Flags
    provisional: Flags
    since: Doubles
    memory: Floats
    opened: int

    def change(self, row: int, gpus: int, accepted: float) -> Change:
        """Return one series as it is told."""
        return Change(
            self.series.kinds[row],
            self.series.values[row],
            profile.SCORES[self.which[row]],
            self.memory[:, row : row + 1],
            float(self.since[row]),
            gpus,
            accepted,
            bool(self.provisional[row]),
        )


class _Times(NamedTuple):
    """When each series was last seen, began, is calm again, and was first past its line."""

    seen: Doubles
    since: Doubles
    calm: Doubles
    alarm: Doubles


def judge(
    ledger: Ledger, series: Series, time: float, share: float, patience: Patience
) -> Judgement:
    """Score and learn all series; the ledger goes on with what they then are."""
    rows = ledger.rows(series.keys, time)
    memory = np.ascontiguousarray(ledger.values[rows, : profile.WIDTH].T)
    value = np.array(series.values, np.float32)
    times = _times(ledger, rows, memory, time, patience.accept)
    known = (profile.samples(memory) >= patience.learn) & (time - times.since >= patience.settle)
    ready: Flags = known & ~np.isnan(value)
    limits = _limits(ledger, series, share)
    learn: Flags = time >= times.calm
    scores = _scores(ledger, rows, memory, value, (learn, times.seen, time))
    with np.errstate(invalid="ignore"):  # boundless both: not past the line
        ratio = np.log1p(scores) / np.log1p(limits)
    past: Flags = ready & (ratio >= 1).any(axis=0)
    begins: Flags = past & learn
    profile.limit_sums(memory, np.where(known, _SUMS_ROOM * limits[1], 0.0).astype(np.float32))
    _keep_maxima(ledger, series, rows, np.where(ready & (learn | begins), scores, np.nan), time)
    times = _Times(
        np.where(np.isnan(value), times.seen, time),
        times.since,
        np.where(past, time + CALM_SECONDS, times.calm),
        np.where(begins, time, times.alarm),
    )
    _store(ledger, rows, memory, times)
    opened = _opened(series.owners, begins, ~learn)
    return _judgement(ledger, series, ratio, (ready, opened, times.alarm, memory))


def _opened(owners: Sequence[str], begins: Flags, open_: Flags) -> int:
    """Count cases that begin: a series that joins others of its owner is told with them."""
    already = {owners[row] for row in np.flatnonzero(open_).tolist()}
    return len({owners[row] for row in np.flatnonzero(begins).tolist()} - already)


def _times(
    ledger: Ledger, rows: NDArray[np.intp], memory: Floats, time: float, accept: float
) -> _Times:
    """Return the times of each series; one that was past its line for too long begins anew."""
    seen, since, calm, alarm = (
        ledger.time(rows, name) for name in ("seen", "since", "calm", "alarm")
    )
    accepted: Flags = (time < calm) & (time - alarm >= accept)
    profile.accept(memory, accepted)
    anew = accepted | (time - seen > GONE_SECONDS)
    return _Times(seen, np.where(anew, time, since), np.where(accepted, 0.0, calm), alarm)


def _store(ledger: Ledger, rows: NDArray[np.intp], memory: Floats, times: _Times) -> None:
    ledger.values[rows, : profile.WIDTH] = memory.T
    for name in _Times._fields:
        ledger.set_time(rows, name, getattr(times, name))


def _judgement(
    ledger: Ledger,
    series: Series,
    ratio: Doubles,
    found: tuple[Flags, int, Doubles, Floats],
) -> Judgement:
    """Put together what was found: the score that is furthest past its threshold speaks."""
    ready, opened, alarm, memory = found
    worst = np.nan_to_num(ratio, nan=-1.0)
    score = np.where(ready, worst.max(axis=0, initial=0.0), np.nan)
    calibrated = {kind: budget.calibrated(ledger, kind) for kind in set(series.kinds)}
    shipped = np.array([not calibrated[kind] for kind in series.kinds], bool)
    return Judgement(series, score, worst.argmax(axis=0), ready, shipped, alarm, memory, opened)


def _limits(ledger: Ledger, series: Series, share: float) -> Doubles:
    """Return the threshold of each score of each series, (3, S)."""
    of_kind = budget.thresholds(ledger, series.kinds, share)
    limits = np.array([of_kind[kind] for kind in series.kinds], np.float64)
    turned: Doubles = limits.reshape(len(series.kinds), len(profile.SCORES)).T
    return turned


def _scores(
    ledger: Ledger,
    rows: NDArray[np.intp],
    memory: Floats,
    value: Floats,
    when: tuple[Flags, Doubles, float],
) -> Doubles:
    """Return the three scores, (3, S), and let the memory learn."""
    learn, seen, time = when
    before = profile.samples(memory).copy()
    scores = np.full((3, len(value)), np.nan, np.float32)
    scores[:2] = profile.tick(memory, value, learn)
    far = ledger.numbers(rows, "far")[:, 0]
    due = np.asarray(time // _DISTANCE_SECONDS != seen // _DISTANCE_SECONDS)
    if due.any():
        far = np.where(np.isnan(value), far, profile.distance(memory))
        ledger.set_numbers(rows, "far", far[:, None])
    scores[2] = np.where(np.isnan(value), np.nan, far)
    after = profile.samples(memory)
    whole: Flags = (after > before) & (after % profile.MINUTE == 0)
    if whole.any():
        profile.learn_minute(memory, whole)
    return scores.astype(np.float64)


def _keep_maxima(
    ledger: Ledger,
    series: Series,
    rows: NDArray[np.intp],
    scores: Doubles,
    time: float,
) -> None:
    """Go on with each series' block maxima, and pool those of blocks that ended."""
    seen = ledger.time(rows, "seen")
    ended = np.asarray(time // BLOCK_SECONDS != seen // BLOCK_SECONDS)
    most = ledger.numbers(rows, "novelty_most", 3)
    for kind in sorted({series.kinds[row] for row in np.flatnonzero(ended)}):
        at = [row for row in np.flatnonzero(ended) if series.kinds[row] == kind]
        if not np.isnan(most[at]).all():
            budget.note(ledger, kind, most[at], time)
    most = np.where(ended[:, None], np.nan, most)
    ledger.set_numbers(rows, "novelty_most", np.fmax(most, scores.T).astype(np.float32))
