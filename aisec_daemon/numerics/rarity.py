"""How rare an excess is, given the excesses before it: the tail of an exponential law.

Of `count` samples so far, `past` exceeded, by `total` together. A new excess then has a
probability of about past/count · exp(-excess/mean), and its negative decimal logarithm is the
score (a peaks-over-threshold tail of shape 0: Siffer et al., KDD 2017, equation 1).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LN10 = np.float32(math.log(10))
_PRIOR_COUNT = np.float32(5.0)
_PRIOR_MEAN = np.float32(0.1)
_SOFT = np.float32(10.0)


def rarity(excess: Floats, count: Floats, past: Floats, total: Floats) -> Floats:
    """Return the score of each excess (S,), 0 where there is none; it grows without bound.

    Beyond ten it grows as its logarithm: one wild component must not outweigh all others.
    """
    mean = (total + _PRIOR_COUNT * _PRIOR_MEAN) / (past + _PRIOR_COUNT)
    score = np.log10(np.maximum(count, 1) / (past + 1)) + excess / (mean * _LN10)
    soft: Floats = _SOFT * np.log1p(np.maximum(score, 0) / _SOFT)
    return np.where(excess > 0, soft, np.float32(0))
