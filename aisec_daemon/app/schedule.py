"""When samplers run: each in a thread of its own, which sleeps until its next turn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

_LOG = logging.getLogger(__name__)


class SteadyScheduler:
    """Runs each job in a thread of its own: one that hangs misses its turns and delays no other.

    Turns go by the monotonic clock: whoever sets the wall's delays nothing. Python does not wait
    for the threads when it ends.
    """

    def __init__(self) -> None:
        self._jobs: list[_Job] = []
        self._ending = Event()

    def every(
        self, seconds: float, name: str, work: Callable[[], None], *, delay: float = 0.0
    ) -> None:
        """Run `work` `delay` seconds after the start and every `seconds` from then on.

        Never twice at once: turns that come while one goes on are missed, and not made up for.
        """
        self._jobs.append(_Job(name, seconds, work, delay))

    def start(self) -> None:
        """Begin."""
        now = monotonic()
        for job in sorted(self._jobs, key=lambda job: -job.due):  # who begins at once begins last,
            job.due += now  # and keeps no other from being started
            name = f"turn {job.name}"
            Thread(target=job.run, args=(self._ending,), name=name, daemon=True).start()

    def stop(self) -> None:
        """End; a job that goes on is left behind, and has no turn after it."""
        self._ending.set()

    def missed(self) -> dict[str, int]:
        """Return how many turns each job has missed since this was last asked, if any.

        Those that go by while a turn still goes on are among them.
        """
        now = monotonic()
        news = {job.name: job.missed_since(now) for job in self._jobs}
        return {name: count for name, count in news.items() if count}


class _Job:
    """Something to be done in turns; `due` is the next, by the monotonic clock."""

    def __init__(self, name: str, period: float, work: Callable[[], None], due: float) -> None:
        self.name = name
        self.due = due
        self._period = period
        self._work = work
        self._busy = False
        self._missed = self._told = 0

    def run(self, ending: Event) -> None:
        """Work in turns until the end."""
        while not ending.wait(max(self.due - monotonic(), 0.0)):
            self.due += self._passed(monotonic()) * self._period  # the machine may have slept
            self._busy = True
            try:
                self._work()
            except Exception:  # one bad turn must not be the last
                _LOG.exception("%s", self.name)
            missed = self._passed(monotonic())
            self._busy = False
            self._missed += missed
            self.due += missed * self._period

    def missed_since(self, now: float) -> int:
        """Return how many turns were missed since this was last asked."""
        missed = self._missed + (self._passed(now) if self._busy else 0)
        news, self._told = max(missed - self._told, 0), max(missed, self._told)
        return news

    def _passed(self, now: float) -> int:
        """Return how many turns have come up by now, the next one among them."""
        return max(int((now - self.due) // self._period) + 1, 0)
