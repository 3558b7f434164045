"""Shapes: how a load goes up and down, on a grid of tenths of seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FINE = 10  # points a second


@dataclass(frozen=True, eq=False)
class Level:
    """What a meter shows each second of a shape: mean, deviation and largest within it, (T,)."""

    mean: Floats
    spread: Floats
    largest: Floats

    @classmethod
    def of(cls, fine: Floats) -> Level:
        seconds = fine.reshape(-1, FINE)
        return cls(seconds.mean(1), seconds.std(1), seconds.max(1))


def grid(seconds: int) -> Floats:
    """Return the points in time of a shape, in seconds from the begin of the trace."""
    return np.arange(seconds * FINE) / FINE


def between(at: Floats, begin: float, end: float) -> Floats:
    """Return 1 from begin to end, else 0."""
    return ((at >= begin) & (at < end)).astype(np.float64)


def square(at: Floats, period: float, duty: float, phase: float = 0.0) -> Floats:
    """Return 1 for the first `duty` of each period, else 0."""
    return (np.mod(at / period + phase, 1.0) < duty).astype(np.float64)


def dips(at: Floats, every: float, lasting: float, depth: float, phase: float = 0.0) -> Floats:
    """Return 1, and `1 - depth` for `lasting` seconds in each `every`."""
    return 1.0 - depth * square(at, every, lasting / every, phase)


def steps(rng: np.random.Generator, at: Floats, every: float, spread: float) -> Floats:
    """Return a level around 1 that is drawn anew about `every` seconds."""
    turns = np.floor(at / every + rng.random()).astype(np.int64)
    return rng.normal(1.0, spread, turns[-1] + 1)[turns]


def wander(rng: np.random.Generator, points: int, spread: float, memory: int = 8) -> Floats:
    """Return noise around 0 that remembers about `memory` points."""
    kernel = np.exp(-np.arange(4 * memory) / memory)
    white = rng.normal(0.0, 1.0, points + len(kernel) - 1)
    return spread * np.convolve(white, kernel / np.sqrt((kernel**2).sum()), "valid")


def bursts(rng: np.random.Generator, at: Floats, rate: float, lasting: float) -> Floats:
    """Return 1 while at least one of some requests is worked on, else 0.

    Requests come `rate` times a second at random, and take `lasting` seconds in the mean.
    """
    count = rng.poisson(rate * (at[-1] + 1))
    begins = rng.uniform(0, at[-1] + 1, count)
    ends = begins + rng.exponential(lasting, count)
    change = np.zeros(len(at) + 1)
    np.add.at(change, np.searchsorted(at, begins), 1)
    np.add.at(change, np.searchsorted(at, ends), -1)
    return (np.cumsum(change)[:-1] > 0).astype(np.float64)
