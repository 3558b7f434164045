"""How often each user comes with a workload that was never seen: a name a minute is no escape."""

from __future__ import annotations

import math

from aisec_daemon.detectors.drift.ledger import Ledger

HOUR = 3600.0
FIRST_SECONDS = 600.0  # in which everything is new, and says nothing
_HALF_LIFE_HOURS = 168.0
_LEAST_RATE = 1.0  # an hour: what any user may do
_ARRIVED, _HOUR_DAY, _HOUR_SECOND, _RATE, _HOURS, _PAST = range(6)
_DAY = 86_400.0


def arrived(ledger: Ledger, user: str, count: int, time: float) -> None:
    """Count `count` workloads of a user that were never seen before `time`."""
    row = ledger.plain(f"user/{user}")
    begun = float(row[_HOUR_DAY]) * _DAY + float(row[_HOUR_SECOND])
    if begun == 0 or time - begun >= HOUR:
        if begun:
            passed = (time - begun) / HOUR
            gain = 1.0 - 0.5 ** (passed / _HALF_LIFE_HOURS)
            gain = max(gain, 1.0 / (float(row[_HOURS]) / passed + 1.0))
            row[_RATE] += gain * (float(row[_ARRIVED]) / passed - float(row[_RATE]))
            row[_HOURS] += passed
        row[_ARRIVED] = 0
        row[_HOUR_DAY], row[_HOUR_SECOND] = time // _DAY, time % _DAY
    row[_ARRIVED] += count


def judged(ledger: Ledger, user: str, time: float, share: float) -> tuple[float, float, float]:
    """Return score, workloads that came within the hour, and how many an hour usually come.

    Score 1: so many come once in `1 / share` hours, if they come by chance at the usual rate.
    """
    row = ledger.plain(f"user/{user}")
    begun = float(row[_HOUR_DAY]) * _DAY + float(row[_HOUR_SECOND])
    count = float(row[_ARRIVED]) if time - begun < HOUR else 0.0
    usual = float(row[_RATE])
    surprise = -poisson_tail(int(count), max(usual, _LEAST_RATE))
    return surprise / -math.log(share), count, usual


def opens(ledger: Ledger, key: str, score: float) -> bool:
    """Tell whether a user goes past the line now, and remember it."""
    row = ledger.plain(key)
    was, row[_PAST] = bool(row[_PAST]), float(score >= 1)
    return score >= 1 and not was


def poisson_tail(count: int, mean: float) -> float:
    """Return the logarithm of the probability of `count` or more where `mean` are expected."""
    if count <= 0:
        return 0.0
    first = count * math.log(mean) - mean - math.lgamma(count + 1)
    total, term, at = 1.0, 1.0, count
    while term > 1e-12 * total and at < count + 10_000:
        at += 1
        term *= mean / at
        total += term
    return min(first + math.log(total), 0.0)
