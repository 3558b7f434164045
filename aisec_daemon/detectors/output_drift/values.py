"""From what was written to streams of numbers: one, or one for each dimension and direction."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.output_drift.stream import NUMBER, WORD, bin_of

Doubles = NDArray[np.float64]

DIMENSIONS_MOST, DIRECTIONS = 16, 16


def streams(written: Sequence[str]) -> tuple[float, Doubles]:
    """Return the kind of values and the streams, (N, K); values unlike the first are left out.

    Numbers are one stream; vectors one for each of their first 16 dimensions and, of all their
    dimensions, one for each of 16 fixed directions; words are one, of their bins.
    """
    vectors = [_numbers(text) for text in written]
    if not written or vectors[0] is None:
        words = [bin_of(t) for t, v in zip(written, vectors, strict=True) if v is None]
        return WORD, np.array(words, np.float64).reshape(-1, 1)
    width = len(vectors[0])
    alike = np.array([v for v in vectors if v is not None and len(v) == width], np.float64)
    if width == 1:
        return NUMBER, alike
    return NUMBER, np.concatenate([alike[:, :DIMENSIONS_MOST], alike @ _directions(width)], axis=1)


def _numbers(text: str) -> list[float] | None:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _directions(width: int) -> Doubles:
    drawn = np.random.default_rng(width).normal(size=(width, DIRECTIONS))
    directions: Doubles = drawn / np.linalg.norm(drawn, axis=0)
    return directions
