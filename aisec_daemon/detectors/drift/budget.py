"""Thresholds: what the operator's budget of false alarms asks of each score of each kind."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.drift.ledger import Ledger
from aisec_daemon.numerics import calibration
from aisec_daemon.numerics.profile import SCORES

BLOCK_SECONDS = 300.0
WEEK_SECONDS = 604_800.0
ENOUGH_BLOCKS = 288  # one series for a day
KEPT = 200  # largest maxima of each score
MOST_PER_WEEK = 1000.0
LEAST_LEARNED = 120.0  # readings
LOCAL, FLEET = "blocks/", "fleet/"

PROVISIONAL = {  # tail of log(1 + maximum): start, scale, shape
    "novelty": (1.559, 0.249, -0.068),
    "shift": (6.839, 0.248, -0.5),
    "distance": (0.616, 0.435, -0.005),
}
"""Of the largest 23 of 447 block maxima of honest GPU work, as fitted: no rate is promised yet."""

_TAIL_RATIO = 23 / 447


def share(accepted: float, gpus: int, series: int) -> float:
    """Return the share of blocks of one score of one series that may pass by chance."""
    weekly = accepted * gpus / max(series, 1) / len(SCORES)
    return min(weekly * BLOCK_SECONDS / WEEK_SECONDS, 0.5)


def is_pool(key: str) -> bool:
    """Tell whether a row holds block maxima."""
    return key.startswith((LOCAL, FLEET))


def counted(row: NDArray[np.float32]) -> float:
    """Return of how many blocks such a row is."""
    return float(row[: len(SCORES)].min())


def note(ledger: Ledger, kind: str, maxima: NDArray[np.float32]) -> None:
    """Add the block maxima (S, 3) of series of one kind; those not judged (NaN) are left out."""
    row = ledger.plain(LOCAL + kind)
    for score in range(len(SCORES)):
        known = maxima[:, score][~np.isnan(maxima[:, score])]
        _extend(row, score, known, len(known))


def add(ledger: Ledger, key: str, other: NDArray[np.float32]) -> None:
    """Add the maxima of another row of its kind."""
    row = ledger.plain(key)
    for score in range(len(SCORES)):
        _extend(row, score, largest(other, score), int(other[score]))


def place(score: int) -> slice:
    """Return where in a row the largest maxima of a score are."""
    return slice(len(SCORES) + score * KEPT, len(SCORES) + (score + 1) * KEPT)


def largest(row: NDArray[np.float32], score: int) -> NDArray[np.float32]:
    """Return a row's largest maxima of one score, falling."""
    kept: NDArray[np.float32] = row[place(score)][: min(int(row[score]), KEPT)]
    return kept


def blocks(ledger: Ledger, kind: str) -> int:
    """Return of how many blocks a kind's thresholds come, local ones and the fleet's."""
    keys = [prefix + kind for prefix in (LOCAL, FLEET) if prefix + kind in ledger]
    return int(sum(counted(ledger.plain(key)) for key in keys))


def thresholds(ledger: Ledger, kinds: Iterable[str], share: float) -> dict[str, list[float]]:
    """Return for each kind what each score passes in a `share` of blocks."""
    found = {}
    for kind in set(kinds):
        pools = [_pool(ledger, kind, score) for score in range(len(SCORES))]
        found[kind] = [
            _threshold(maxima.tobytes(), share, count)
            if count >= ENOUGH_BLOCKS
            else provisional(name, share)
            for name, (maxima, count) in zip(SCORES, pools, strict=True)
        ]
    return found


def provisional(score: str, share: float) -> float:
    """Return the threshold that is shipped, until enough blocks were seen here."""
    start, scale, shape = PROVISIONAL[score]
    growth = math.log(max(_TAIL_RATIO / share, 1.0))
    return math.expm1(start + scale * (math.expm1(shape * growth) / shape if shape else growth))


@lru_cache(maxsize=1024)  # maxima change every 300 s, and are asked for every second
def _threshold(maxima: bytes, share: float, count: int) -> float:
    return calibration.threshold(np.frombuffer(maxima), share, count)


def _pool(ledger: Ledger, kind: str, score: int) -> tuple[NDArray[np.float64], int]:
    """Return the largest maxima of here and of the fleet, and of how many blocks they are."""
    found, count = [np.empty(0)], 0
    for prefix in (LOCAL, FLEET):
        if prefix + kind in ledger:
            row = ledger.plain(prefix + kind)
            found.append(largest(row, score).astype(np.float64))
            count += int(row[score])
    return np.sort(np.concatenate(found))[-KEPT:], count


def _extend(row: NDArray[np.float32], score: int, maxima: NDArray[np.float32], blocks: int) -> None:
    kept = np.sort(np.concatenate([largest(row, score), maxima]))[::-1][:KEPT]
    row[place(score)][: len(kept)] = kept
    row[score] += blocks
