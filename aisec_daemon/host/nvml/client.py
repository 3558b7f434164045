"""NVML as samplers use it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from threading import Lock

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.nvml.reading import Reading
from aisec_daemon.host.nvml.supervisor import Supervisor
from aisec_daemon.host.tally import Tally

CHILD = (sys.executable, "-m", "aisec_daemon.host.nvml.child")
"""How the child process is started."""

_END_SECONDS = 2.0


class Nvml:
    """All GPUs of the node, read by child processes that are started at the first reading.

    `period_seconds` is the time between readings, `deadline_seconds` the longest that one takes,
    `patience_seconds` how long a GPU may let others wait, `release_seconds` for how long
    `release` lets go of the GPUs. Safe between threads.
    """

    def __init__(
        self,
        tally: Tally,
        *,
        period_seconds: float = 1.0,
        deadline_seconds: float = 0.8,
        patience_seconds: float = 0.3,
        release_seconds: float = 900.0,
        command: Sequence[str] | None = None,
    ) -> None:
        self.tally = tally
        self._period = period_seconds
        self._deadline = deadline_seconds
        self._release = release_seconds
        self._supervisor = Supervisor(command or CHILD, tally, patience_seconds)
        self._lock = Lock()
        self._latest: Reading | UnreadableError | None = None
        self._latest_times = 0.0, 0.0  # when it was begun and when it was had
        self._released_until = 0.0

    def begin(self) -> None:
        """Start the child ahead of the first reading, so that both wake up at the same time."""
        with self._lock:
            self._supervisor.begin()

    def arrange(self, *, patience_seconds: float, release_seconds: float) -> None:
        """Go by these from now on, in place of what it was made with."""
        with self._lock:
            self._supervisor.be_patient(patience_seconds)
            self._release = release_seconds

    def read(self) -> Reading:
        """Read all GPUs; UnreadableError if none is heard of, never later than the deadline.

        Callers within half a period of each other get the same reading, and so do those who waited
        for one.
        """
        asked = time.monotonic()
        if not self._lock.acquire(timeout=self._deadline):
            raise UnreadableError("nvml", "the reading before this one is still under way")
        try:
            now = time.monotonic()
            if self.released:
                raise UnreadableError("nvml", self._released_text(now))
            begun, ended = self._latest_times
            if self._latest is None or (ended < asked and now - begun >= self._period / 2):
                self._latest = self._turn(asked + self._deadline)
                self._latest_times = now, time.monotonic()
            if isinstance(self._latest, UnreadableError):
                raise UnreadableError("nvml", str(self._latest))
            return self._latest
        finally:
            self._lock.release()

    @property
    def released(self) -> bool:
        """Whether the GPUs are let go of at present."""
        return time.monotonic() < self._released_until

    def release(self) -> None:
        """Let go of all GPUs: end the children, and stay away until `resume` or time is up."""
        self._released_until = time.monotonic() + self._release
        self.close()

    def resume(self) -> None:
        """Read again from the next reading on."""
        self._released_until = 0.0

    def close(self) -> None:
        """End the children. A later reading starts them again."""
        with self._lock:
            self._latest = None
            self._supervisor.stop(_END_SECONDS)

    def _turn(self, deadline: float) -> Reading | UnreadableError:
        heard = self._supervisor.turn(deadline)
        now = time.monotonic()
        if not heard:
            return UnreadableError("nvml", self._supervisor.why(now))
        roster = self._supervisor.roster
        return Reading(roster.show(now), roster.driver_version, now)

    def _released_text(self, now: float) -> str:
        minutes = (self._released_until - now) / 60.0
        return f"GPUs released by the operator for {minutes:.0f} more minutes"
