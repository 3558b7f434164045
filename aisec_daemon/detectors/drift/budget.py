"""Thresholds: what the operator's budget of false alarms asks of each score of each kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.drift.ledger import Ledger
from aisec_daemon.detectors.drift.pool import BLOCK_SECONDS, KEPT, Pool
from aisec_daemon.numerics import calibration
from aisec_daemon.numerics.profile import SCORES

WEEK_SECONDS = 604_800.0
ENOUGH_SPANS = 288  # of 300 s: a day
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


def note(ledger: Ledger, kind: str, maxima: NDArray[np.float32], time: float) -> None:
    """Add the block maxima (S, 3) of series of one kind that end now."""
    Pool(ledger.plain(LOCAL + kind)).note(maxima, time)


def calibrated(ledger: Ledger, kind: str) -> bool:
    """Tell whether a kind was watched for long enough, here and by the fleet together."""
    return sum(pool.spans for pool in pools(ledger, kind)) >= ENOUGH_SPANS


def thresholds(ledger: Ledger, kinds: Iterable[str], share: float) -> dict[str, list[float]]:
    """Return for each kind what each score passes in a `share` of blocks."""
    found = {}
    for kind in set(kinds):
        enough = calibrated(ledger, kind)
        found[kind] = [
            _threshold(*_pooled(ledger, kind, score), share) if enough else provisional(name, share)
            for score, name in enumerate(SCORES)
        ]
    return found


def provisional(score: str, share: float) -> float:
    """Return the threshold that is shipped, until enough was seen here."""
    start, scale, shape = PROVISIONAL[score]
    growth = math.log(max(_TAIL_RATIO / share, 1.0))
    return math.expm1(start + scale * (math.expm1(shape * growth) / shape if shape else growth))


def pools(ledger: Ledger, kind: str) -> Iterator[Pool]:
    """Yield what is known of a kind, from here and from the fleet."""
    for key in (LOCAL + kind, FLEET + kind):
        if key in ledger:
            yield Pool(ledger.plain(key))


@lru_cache(maxsize=1024)  # maxima change every 300 s, and are asked for every second
def _threshold(maxima: bytes, count: int, share: float) -> float:
    return calibration.threshold(np.frombuffer(maxima), share, count)


def _pooled(ledger: Ledger, kind: str, score: int) -> tuple[bytes, int]:
    """Return the largest maxima of here and of the fleet, and of how many blocks they are."""
    known = list(pools(ledger, kind))
    found = np.concatenate([pool.largest(score) for pool in known]).astype(np.float64)
    return np.sort(found)[-KEPT:].tobytes(), sum(pool.counted(score) for pool in known)
