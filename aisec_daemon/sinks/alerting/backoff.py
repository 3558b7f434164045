"""How long to wait after failures."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


class Backoff:
    """Twice as long after each failure, up to `longest` seconds, less a random half.

    The same `seed` gives the same waits; each node has its own, so that a fleet does not return as
    one.
    """

    def __init__(self, seed: str, first: float = 1.0, longest: float = 30.0) -> None:
        digest = blake2b(seed.encode("utf-8", "backslashreplace"), digest_size=8).digest()
        self._random = np.random.default_rng(int.from_bytes(digest, "big"))
        self._first = first
        self._longest = longest
        self._wait = first

    def reset(self) -> None:
        """Begin again: something worked."""
        self._wait = self._first

    def failed(self) -> float:
        """Return the seconds to wait after another failure."""
        wait, self._wait = self._wait, min(2 * self._wait, self._longest)
        return wait * float(self._random.uniform(0.5, 1.0))
