"""Has a stream left its baseline? A test that may be asked after every value, for ever.

Bets are placed on which bin of the baseline the next value falls into. If the stream still follows
the baseline, no bet gains on average, so the sum of all bettors' fortunes begun at every instant
(Shiryaev-Roberts: Shiryaev, Theory Prob. Appl. 8, 1963; as e-detectors: Shin, Ramdas and Rinaldo,
2022, definition 2.2) passes `c` once in `c` values or less often. The baseline is itself a sample:
each bet is charged the most that its true mean may exceed what the sample says.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

HALF_LIVES = (30.0, 300.0, 3000.0)  # of the bettors that learn
STAKES = (0.3, 0.9)  # how much of their fortune they dare
TILTS = (0.125, 0.25, 0.5, 1.0)  # of the bettors that expect a shift or a spread, in deviations
_CHANCE = 1e-3  # that the charge is too small for a baseline
_FORTUNE_MOST = 1e300


class Bets(NamedTuple):
    """The bettors of one baseline: `shares` (B,) of its bins and its number of values."""

    shares: Doubles
    fixed: Doubles  # (E, B): what each bettor that does not learn gains in each bin, charged
    radius: float  # of the ball in which the true shares lie, in chi-square distance


class Fortunes(NamedTuple):
    """What is remembered of S streams: what was learned (S, H, B), and fortunes (S, bettors)."""

    learned: Doubles
    sums: Doubles


def bets(shares: Doubles, count: int, *, ordered: bool = True) -> Bets:
    """Return the bettors for a baseline of `count` values, of which `shares` lie in each bin.

    With `ordered` bins some expect a shift up or down or a change of spread.
    """
    bins = len(shares)
    radius = float(np.sqrt(_chi_square(bins - 1) / count))
    fixed = _tilts(shares) if ordered else np.empty((0, bins))
    if not ordered and bins > 1:
        fixed = np.stack([_favour(shares, at, stake) for at in range(bins) for stake in STAKES])
    deviation = np.sqrt(((fixed - 1.0) ** 2 * shares).sum(axis=1, keepdims=True))
    charge = _normal(_CHANCE / max(len(fixed), 1)) / np.sqrt(count)
    return Bets(shares, fixed / (1.0 + charge * deviation), radius)


def begin(given: Bets, streams: int) -> Fortunes:
    """Return the memory of streams that have had no value yet."""
    learned = np.tile(given.shares, (streams, len(HALF_LIVES), 1))
    bettors = len(given.fixed) + len(HALF_LIVES) * len(STAKES)
    return Fortunes(learned, np.zeros((streams, bettors)))


def wager(given: Bets, memory: Fortunes, bins: NDArray[np.intp]) -> tuple[Fortunes, Doubles]:
    """Take the bin of one value of each stream (S,), -1 for none; return memory and evidence (S,).

    The evidence of an unchanged stream passes `c` once in `c` values or less often.
    """
    seen = bins >= 0
    at = np.maximum(bins, 0)
    gain = np.concatenate([given.fixed[:, at].T, _learners(given, memory.learned, at)], axis=1)
    sums = np.minimum((1.0 + memory.sums) * gain, _FORTUNE_MOST)
    learned = _learn(memory.learned, at)
    sums = np.where(seen[:, None], sums, memory.sums)
    learned = np.where(seen[:, None, None], learned, memory.learned)
    return Fortunes(learned, sums), sums.mean(axis=1)


def _learners(given: Bets, learned: Doubles, at: NDArray[np.intp]) -> Doubles:
    """Return what those gain that bet on what they saw lately, charged, (S, H · stakes)."""
    ratio = learned / given.shares
    deviation = np.sqrt(np.maximum((ratio * learned).sum(axis=2) - 1.0, 0.0))
    mine = np.take_along_axis(ratio, at[:, None, None], axis=2)[:, :, 0]
    gains = [
        (1.0 - stake + stake * mine) / (1.0 + given.radius * stake * deviation) for stake in STAKES
    ]
    return np.concatenate(gains, axis=1)


def _learn(learned: Doubles, at: NDArray[np.intp]) -> Doubles:
    rate = 1.0 - 0.5 ** (1.0 / np.array(HALF_LIVES))
    after = learned * (1.0 - rate)[None, :, None]
    after[np.arange(len(at)), :, at] += rate
    return after


def _tilts(shares: Doubles) -> Doubles:
    """Return fixed bets on a shift up or down and on more or less spread, each of mean 1."""
    middle = np.cumsum(shares) - shares / 2
    score = _normal(1.0 - middle)
    spread = (score**2 - 1.0) / np.sqrt(2.0)
    slopes = [t * sign * face for t in TILTS for sign in (1, -1) for face in (score, spread)]
    raised = np.exp(np.clip(np.stack(slopes), -20.0, 2.0))
    gains: Doubles = raised / (raised * shares).sum(axis=1, keepdims=True)
    return gains


def _favour(shares: Doubles, at: int, stake: float) -> Doubles:
    """Return the bet that one bin is hit more often."""
    gain = np.full(len(shares), 1.0 - stake)
    gain[at] += stake / shares[at]
    return gain


def _normal(above: Doubles | float) -> Doubles:
    """Return the standard normal number that is passed with probability `above`.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23; off by less than 5e-4.
    """
    tail = np.minimum(above, 1.0 - np.asarray(above))
    root = np.sqrt(-2.0 * np.log(np.maximum(tail, 1e-300)))
    upper = 2.515517 + root * (0.802853 + root * 0.010328)
    lower = 1.0 + root * (1.432788 + root * (0.189269 + root * 0.001308))
    number: Doubles = np.where(tail == above, 1.0, -1.0) * (root - upper / lower)
    return number


def _chi_square(freedom: int) -> float:
    """Return what a chi-square number passes once in 1/_CHANCE.

    Wilson and Hilferty, PNAS 17 (1931), page 684.
    """
    spread = 2.0 / (9.0 * max(freedom, 1))
    return float(freedom * (1.0 - spread + _normal(_CHANCE) * np.sqrt(spread)) ** 3)
