"""Slow, obvious twins of what drift computes: one series at a time, loops and textbook formulas."""

from __future__ import annotations

import math
import statistics


def cusum(values, gain, allowance=0.5, most=8.0):
    """Both sums after every value, their larger one in a list."""
    mean, deviation, up, down = math.nan, 0.0, 0.0, 0.0
    told = []
    for value in values:
        if math.isnan(value):
            told.append(math.nan)
            continue
        if math.isnan(mean):
            mean = value
        off = value - mean
        sigma = 1.2533 * deviation
        score = off / sigma if sigma > 0 else most * ((off > 0) - (off < 0))
        score = max(-most, min(most, score))
        up = max(0.0, up + score - allowance)
        down = max(0.0, down - score - allowance)
        deviation += gain * (abs(off) - deviation)
        mean += gain * off
        told.append(max(up, down))
    return told


def wasserstein(sample, reference):
    """The area between two step functions, cut wherever either may step."""
    mine = sorted(x for x in sample if not math.isnan(x))
    if not mine:
        return math.nan
    pieces = len(mine) * len(reference)
    moved = 0.0
    for piece in range(pieces):
        moved += abs(mine[piece // len(reference)] - reference[piece // len(mine)])
    return moved / pieces


def quantiles(sample, count):
    """The value at each (i + 1/2)/count, between the middles of the sorted sample's steps."""
    known = sorted(x for x in sample if not math.isnan(x))
    if not known:
        return [math.nan] * count
    found = []
    for i in range(count):
        place = min(max((i + 0.5) / count * len(known) - 0.5, 0.0), len(known) - 1.0)
        below = math.floor(place)
        above = min(below + 1, len(known) - 1)
        found.append(known[below] + (place - below) * (known[above] - known[below]))
    return found


def flatness(window):
    known = sorted(x for x in window if not math.isnan(x))
    if len(known) < 8:
        return math.nan
    low, middle, high = (known[max(math.ceil(q * len(known)) - 1, 0)] for q in (0.1, 0.5, 0.9))
    return (high - low) / abs(middle) if middle else math.nan


def autocorrelation(window):
    mean = math.fsum(window) / len(window)
    around = [x - mean for x in window]
    variance = math.fsum(x * x for x in around) / len(window)
    if not variance > 1e-12 * math.fsum(x * x for x in window) / len(window):
        return [math.nan] * len(window)
    found = []
    for lag in range(len(window)):
        products = [a * b for a, b in zip(around, around[lag:], strict=False)]
        found.append(math.fsum(products) / len(products) / variance)
    return found


def running_median(values, length):
    """The median of up to `length` values before each; NaN before the first."""
    told = []
    for at in range(len(values)):
        before = values[max(at - length, 0) : at]
        told.append(statistics.median(before) if before else math.nan)
    return told


def span(values, levels=17):
    """The range of every 2^k-th value, for the level of which 64 to 127 were seen."""
    if not values:
        return 0.0
    level = min(max(int(math.log2(len(values))) - 6, 0), levels - 1)
    chosen = values[2**level - 1 :: 2**level]
    width = max(chosen) - min(chosen)
    return width if width > 0 else max(values) - min(values)


def rarity(excess, count, past, total):
    if excess <= 0:
        return 0.0
    mean = (total + 5.0 * 0.1) / (past + 5.0)
    score = math.log10(max(count, 1) / (past + 1)) + excess / mean / math.log(10)
    return 10.0 * math.log1p(max(score, 0.0) / 10.0)


class Face:
    """One face of one series for `novelty`."""

    def __init__(self, grain):
        self.values, self.net, self.grain, self.least = [], [], grain, grain
        self.past = self.total = self.gap_past = self.gap_total = 0.0

    def judge(self, value, room):
        width = span(self.values)
        beyond = gap = 0.0
        apart = min((abs(value - kept) for kept in self.net), default=math.inf)
        if width > 0:
            beyond = max(value - max(self.values), min(self.values) - value, 0.0) / width
            gap = max(apart / width - self.least, 0.0)
        score = rarity(beyond, len(self.values), self.past, self.total)
        score += rarity(gap, len(self.values), self.gap_past, self.gap_total)
        self.past += beyond > 0
        self.total += beyond
        self.gap_past += gap > 0
        self.gap_total += gap
        if apart > self.grain * width:
            if len(self.net) >= room:
                self._thin(width, room)
            self.net.append(value)
        self.values.append(value)
        return score

    def _thin(self, width, room):
        while True:
            kept = []
            for value in sorted(self.net):
                if not kept or value - kept[-1] > self.grain * width:
                    kept.append(value)
            if len(kept) <= int(room * 0.75):
                self.net = kept
                return
            self.grain *= 1.5


def novelty(values, half_life=40.0, length=60, room=128, grain=0.04, renewed=120, margin=1.0):
    """The score of each value of one series."""
    gain = 1.0 - 0.5 ** (1.0 / half_life)
    faces = [Face(grain) for _ in range(3)]
    average, record, age, told = math.nan, 0.0, 0, []
    for value, median in zip(values, running_median(values, length), strict=True):
        average = value if math.isnan(average) else average + gain * (value - average)
        off = 0.0 if math.isnan(median) else value - median
        shown = (value, average, off)
        score = sum(f.judge(v, room) for f, v in zip(faces, shown, strict=True))
        age += 1
        record = 0.0 if age > renewed else record
        news = score > (record + margin if record > 0 else 0.0)
        if news:
            record, age = score, 0
        told.append(score if news else 0.0)
    return told


def shiryaev_roberts(gains):
    """One bettor's sum over all instants at which it may have begun."""
    told = []
    for now in range(len(gains)):
        total = 0.0
        for begun in range(now + 1):
            total += math.prod(gains[begun : now + 1])
        told.append(total)
    return told
