"""The one clock: seconds since 1970 that always rise."""

from __future__ import annotations

import time


class Clock:
    """Monotonic time anchored to the wall once: a step of the wall clock changes nothing."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970, as the wall said when this clock was made and counted since."""
        return self._offset + time.monotonic()
