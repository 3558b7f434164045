"""When samplers run: APScheduler, made deaf to steps of the wall clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from time import monotonic
from typing import Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

_STEP_SECONDS = 0.5  # what a wall clock must jump by to be called stepped; NTP slews stay below
_LOOK_SECONDS = 0.5  # how often to look for a step

logging.getLogger("apscheduler").setLevel(logging.ERROR)  # missed turns are counted, not logged


class SteadyScheduler(BackgroundScheduler):  # type: ignore[misc] # APScheduler ships no types
    """A background scheduler whose jobs keep their pace when the wall clock is set.

    APScheduler's triggers follow the wall: set back by an hour, it would sleep for that hour. This
    one holds the wall against the monotonic clock and moves every job's next turn by the step.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(
            executors={"default": ThreadPoolExecutor(workers)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=timezone.utc,
            daemon=True,
        )
        self._offset = self._read_offset()

    def every(
        self, seconds: float, name: str, job: Callable[[], None], *, delay: float = 0.0
    ) -> None:
        """Run `job` after `delay` and every `seconds` from then on, never twice at once."""
        first = self.wall() + timedelta(seconds=delay)
        self.add_job(job, "interval", seconds=seconds, id=name, name=name, next_run_time=first)

    def on_missed(self, tell: Callable[[str], None]) -> None:
        """Call `tell(name)` when a job's turn came while it was still running."""

        def listen(event: JobSubmissionEvent) -> None:
            tell(str(event.job_id))

        self.add_listener(listen, EVENT_JOB_MAX_INSTANCES)

    def wall(self) -> datetime:
        """Read the wall clock as the scheduler does."""
        return datetime.now(self.timezone)

    def _read_offset(self) -> float:
        return self.wall().timestamp() - monotonic()

    def _process_jobs(self) -> float | None:
        """Undo a step of the wall clock before looking for due jobs; look again soon."""
        offset = self._read_offset()
        step = offset - self._offset
        if abs(step) > _STEP_SECONDS:
            self._offset = offset
            for job in self.get_jobs():
                job.modify(next_run_time=job.next_run_time + timedelta(seconds=step))
        wait: Any = super()._process_jobs()
        return _LOOK_SECONDS if wait is None else min(wait, _LOOK_SECONDS)
