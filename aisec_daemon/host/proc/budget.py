"""A limit on work that others cause."""

from __future__ import annotations

from time import monotonic


class Budget:
    """So many readings a second, and a second's worth saved up at most."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._left = float(per_second)
        self._last = monotonic()

    def spend(self) -> bool:
        """Take one; False if none is left."""
        now = monotonic()
        saved = self._left + (now - self._last) * self._per_second
        self._left = min(saved, float(self._per_second))
        self._last = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
