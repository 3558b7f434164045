"""One instant of all series: scored, held against their thresholds, and learned where calm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.drift import budget
from aisec_daemon.detectors.drift.ledger import Ledger
from aisec_daemon.detectors.drift.series import Series
from aisec_daemon.detectors.drift.telling import Change
from aisec_daemon.numerics import profile

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

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
    score: NDArray[np.float64]
    which: NDArray[np.intp]  # the score that is furthest past its threshold
    ready: Flags
    provisional: Flags
    since: NDArray[np.float64]
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


def judge(
    ledger: Ledger, series: Series, time: float, share: float, patience: Patience
) -> Judgement:
    """Score and learn all series; the ledger goes on with what they then are."""
    rows = ledger.rows(series.keys, time)
    memory = np.ascontiguousarray(ledger.values[rows, : profile.WIDTH].T)
    value = np.array(series.values, np.float32)
    seen = ledger.time(rows, "seen")
    since = np.where(time - seen > GONE_SECONDS, time, ledger.time(rows, "since"))
    alarm, calm = ledger.time(rows, "alarm"), ledger.time(rows, "calm")
    accepted: Flags = (time < calm) & (time - alarm >= patience.accept)
    profile.accept(memory, accepted)
    since, calm = np.where(accepted, time, since), np.where(accepted, 0.0, calm)
    known = (profile.samples(memory) >= patience.learn) & (time - since >= patience.settle)
    ready: Flags = known & ~np.isnan(value)
    limits = _limits(ledger, series, share)
    learn: Flags = time >= calm
    scores = _scores(ledger, rows, memory, value, (learn, seen, time))
    ratio = np.log1p(scores) / np.log1p(limits)
    past: Flags = ready & (ratio >= 1).any(axis=0)
    begins: Flags = past & (time >= calm)
    alarm = np.where(begins, time, alarm)
    profile.limit_sums(memory, np.where(known, _SUMS_ROOM * limits[1], 0.0).astype(np.float32))
    _keep_maxima(ledger, series, rows, np.where(ready & (learn | begins), scores, np.nan), time)
    ledger.values[rows, : profile.WIDTH] = memory.T
    there = ~np.isnan(value)
    ledger.set_time(rows, "since", since)
    ledger.set_time(rows, "seen", np.where(there, time, seen))
    ledger.set_time(rows, "alarm", alarm)
    ledger.set_time(rows, "calm", np.where(past, time + CALM_SECONDS, calm))
    worst = np.nan_to_num(ratio, nan=-1.0)
    score = np.where(ready, worst.max(axis=0, initial=0.0), np.nan)
    which = worst.argmax(axis=0)
    enough = {kind: budget.blocks(ledger, kind) for kind in set(series.kinds)}
    shipped = np.array([enough[kind] < budget.ENOUGH_BLOCKS for kind in series.kinds], bool)
    opened = len({series.owners[row] for row in np.flatnonzero(begins)})
    return Judgement(series, score, which, ready, shipped, alarm, memory, opened)


def _limits(ledger: Ledger, series: Series, share: float) -> NDArray[np.float64]:
    """Return the threshold of each score of each series, (3, S)."""
    of_kind = budget.thresholds(ledger, series.kinds, share)
    limits = np.array([of_kind[kind] for kind in series.kinds], np.float64)
    turned: NDArray[np.float64] = limits.reshape(len(series.kinds), len(profile.SCORES)).T
    return turned


def _scores(
    ledger: Ledger,
    rows: NDArray[np.intp],
    memory: Floats,
    value: Floats,
    when: tuple[Flags, NDArray[np.float64], float],
) -> NDArray[np.float64]:
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
    scores: NDArray[np.float64],
    time: float,
) -> None:
    """Go on with each series' block maxima, and pool those of blocks that ended."""
    seen = ledger.time(rows, "seen")
    ended = np.asarray(time // budget.BLOCK_SECONDS != seen // budget.BLOCK_SECONDS)
    most = ledger.numbers(rows, "novelty_most", 3)
    for kind in sorted({series.kinds[row] for row in np.flatnonzero(ended)}):
        at = [row for row in np.flatnonzero(ended) if series.kinds[row] == kind]
        if not np.isnan(most[at]).all():
            budget.note(ledger, kind, most[at])
    most = np.where(ended[:, None], np.nan, most)
    ledger.set_numbers(rows, "novelty_most", np.fmax(most, scores.T).astype(np.float32))
