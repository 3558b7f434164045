"""Novelty: how unlike all of its own past a series' newest value is.

Three faces of a series are watched: the value, its moving average, and its deviation from the
median of the last minute. Of each, two things are rare: to leave the range that it ever had, and
to lie far from every value that it ever had. The six rarities are added. Everything is float32,
one column a series, and its memory is of fixed size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.numerics import running_median, seen, spans
from aisec_daemon.numerics.rarity import rarity

Floats = NDArray[np.float32]

HALF_LIFE = 40.0  # samples after which the moving average has forgotten half
MEDIAN = 60  # samples of the median
NET = 128  # values remembered
GRAIN = np.float32(0.04)  # of the usual range: what lies nearer than this is the same
RENEWED = 120  # samples for which only a larger score is news
MARGIN = np.float32(1.0)  # by how much it must be larger
MOST = 1 << 22  # the count of samples goes on from half of this, since float32 ends

_GAIN = np.float32(1.0 - 0.5 ** (1.0 / HALF_LIFE))
_FACES = 3
_FACE = ("past", "total", "gap_past", "gap_total", "held", "grain")
_ONCE = ("count", "average", "record", "age", "turn")
_FACE_WIDTH = len(_FACE) + 2 * spans.LEVELS + NET
WIDTH = len(_ONCE) + 2 * MEDIAN + _FACES * _FACE_WIDTH
"""Numbers remembered for each series."""


class _Face:
    """One face's part of the memory, as views into it."""

    def __init__(self, part: Floats) -> None:
        self.past, self.total, self.gap_past, self.gap_total, self.held, self.grain = part[:6]
        self.low = part[6 : 6 + spans.LEVELS]
        self.high = part[6 + spans.LEVELS : 6 + 2 * spans.LEVELS]
        self.net = part[6 + 2 * spans.LEVELS :]


def empty(series: int) -> Floats:
    """Return the memory (WIDTH, S) of series that have had no value yet."""
    memory = np.zeros((WIDTH, series), np.float32)
    head = len(_ONCE)
    memory[head : head + 2 * MEDIAN] = np.inf
    for face in _faces(memory):
        face.grain[:] = GRAIN
        face.low[:], face.high[:], face.net[:] = np.inf, -np.inf, np.inf
    return memory


def novelty(memory: Floats, value: Floats) -> Floats:
    """Score `value` (S,) and take it into `memory` (WIDTH, S), in place; return (S,).

    A NaN has score NaN and changes nothing. Within 120 samples only a score above the last one
    told is news, everything else scores 0.
    """
    known = ~np.isnan(value)
    if known.all():
        return _novelty(memory, value)
    at = np.flatnonzero(known)
    part = np.ascontiguousarray(memory[:, at])
    score = np.full(len(value), np.nan, np.float32)
    score[at] = _novelty(part, value[at])
    memory[:, at] = part
    return score


def unlearned(memory: Floats, value: Floats) -> Floats:
    """Score `value` (S,) as `novelty` does, whatever was told before, and learn nothing of it.

    Only the last 60 values, in `memory`, go on.
    """
    copy = memory.copy()
    copy[_ONCE.index("record")] = 0
    score = novelty(copy, value)
    head = len(_ONCE)
    memory[head - 1 : head + 2 * MEDIAN] = copy[head - 1 : head + 2 * MEDIAN]
    return score


def recent(memory: Floats) -> Floats:
    """Return the last 60 values of each series, rising, (60, S); infinity where there are fewer."""
    head = len(_ONCE) + MEDIAN
    ordered: Floats = memory[head : head + MEDIAN]
    return ordered


def latest(memory: Floats) -> Floats:
    """Return the last 60 values of each series from the oldest to the newest, (60, S)."""
    head = len(_ONCE)
    ring = memory[head : head + MEDIAN]
    turn = memory[_ONCE.index("turn")].astype(np.intp)
    order = (turn + np.arange(MEDIAN)[:, None]) % MEDIAN
    return np.take_along_axis(ring, order, axis=0)


def samples(memory: Floats) -> Floats:
    """Return how many values each series has had, (S,); at most 4 million are counted."""
    count: Floats = memory[0]
    return count


def whole_range(memory: Floats) -> Floats:
    """Return how far the values of each series ever lay apart, (S,); 0 of none."""
    face = _faces(memory)[0]
    wide: Floats = np.maximum(face.high[0] - face.low[0], 0)
    return wide


def _faces(memory: Floats) -> list[_Face]:
    head = len(_ONCE) + 2 * MEDIAN
    begins = range(head, WIDTH, _FACE_WIDTH)
    return [_Face(memory[begin : begin + _FACE_WIDTH]) for begin in begins]


def _novelty(memory: Floats, value: Floats) -> Floats:
    before, average, record, age, _ = memory[: len(_ONCE)]
    count = before.astype(np.intp)
    np.copyto(average, value, where=count == 0)
    average += _GAIN * (value - average)
    values = (value, average, value - _median(memory, value, count))
    score = np.zeros(len(value), np.float32)
    for face, number in zip(_faces(memory), values, strict=True):
        score += _judge(face, number, before, count)
    before[:] = np.where(count + 1 >= MOST, MOST // 2, count + 1)
    return _news(record, age, score)


def _median(memory: Floats, value: Floats, count: NDArray[np.intp]) -> Floats:
    """Return the median before `value`, which then takes the place of the oldest."""
    head = len(_ONCE)
    ring, ordered = memory[head : head + MEDIAN], memory[head + MEDIAN : head + 2 * MEDIAN]
    median = running_median.middle(ordered, np.minimum(count, MEDIAN))
    column = np.arange(len(value))
    turn = memory[_ONCE.index("turn")]
    oldest = turn.astype(np.intp)
    running_median.replace(ordered, ring[oldest, column], value)
    ring[oldest, column] = value
    turn[:] = (oldest + 1) % MEDIAN
    return np.where(count > 0, median, value)


def _judge(face: _Face, value: Floats, before: Floats, count: NDArray[np.intp]) -> Floats:
    """Score one face's value, and remember it."""
    span = spans.span(face.low, face.high, count)
    moved = span > 0
    unit = np.where(moved, span, np.float32(1))
    low, high = face.low[0], face.high[0]
    beyond = np.where(moved, np.maximum(np.maximum(value - high, low - value), 0) / unit, 0)
    apart = seen.distance(face.net, value)
    gap = np.where(moved, np.maximum(apart / unit - GRAIN, 0), 0)
    score = rarity(beyond, before, face.past, face.total)
    score += rarity(gap, before, face.gap_past, face.gap_total)
    face.past += beyond > 0
    face.total += beyond
    face.gap_past += gap > 0
    face.gap_total += gap
    seen.remember(face.net, face.held, face.grain, span, value, apart > face.grain * span)
    spans.widen(face.low, face.high, value, count + 1)
    return score


def _news(record: Floats, age: Floats, score: Floats) -> Floats:
    """Return the score where it is news, else 0; `record` and `age` of the last news go on."""
    age += 1
    record[age > RENEWED] = 0
    news = score > np.where(record > 0, record + MARGIN, 0)
    np.copyto(record, score, where=news)
    age[news] = 0
    return np.where(news, score, np.float32(0))
