"""The scheduler keeps its pace when somebody sets the wall clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from threading import Event
from time import monotonic, sleep

import apscheduler.schedulers.base
import pytest

import aisec_daemon.app.schedule
from aisec_daemon.app.schedule import SteadyScheduler

PERIOD = 0.5


class Wall(datetime):
    """The wall clock as the scheduler sees it, which a test can set."""

    step = timedelta(0)

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.step


@pytest.fixture
def wall(monkeypatch):
    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Wall)
    monkeypatch.setattr(aisec_daemon.app.schedule, "datetime", Wall)
    monkeypatch.setattr(Wall, "step", timedelta(0))
    return Wall


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_hour_back_or_forward_delays_nothing_by_more_than_a_period(wall, hours):
    scheduler = SteadyScheduler(workers=1)
    turns: list[float] = []
    scheduler.every(PERIOD, "job", lambda: turns.append(monotonic()))
    scheduler.start()
    sleep(2.2 * PERIOD)
    wall.step = timedelta(hours=hours)
    sleep(6 * PERIOD)
    scheduler.shutdown(wait=False)

    gaps = [after - before for before, after in pairwise(turns)]
    assert len(turns) >= 6
    assert max(gaps) <= 2 * PERIOD + 0.4  # a period late at the most, and a slow machine's grace
    assert len(turns) <= 12  # an hour of missed turns is not made up for


def test_a_job_that_hangs_misses_its_turns_and_delays_no_other():
    scheduler = SteadyScheduler(workers=2)
    hang, missed, others = Event(), [], []
    scheduler.on_missed(missed.append)
    scheduler.every(0.1, "hangs", lambda: hang.wait(5) and None)
    scheduler.every(0.1, "runs", lambda: others.append(1))
    scheduler.start()
    sleep(1.0)
    hang.set()
    scheduler.shutdown(wait=False)

    assert set(missed) == {"hangs"}
    assert len(missed) >= 4
    assert len(others) >= 5
