"""The scheduler keeps its pace, whatever a job does."""

from __future__ import annotations

from itertools import pairwise
from threading import Event
from time import monotonic, sleep

import pytest

import aisec_daemon.app.schedule
from aisec_daemon.app.schedule import SteadyScheduler

PERIOD = 0.25


@pytest.fixture
def scheduler():
    made = SteadyScheduler()
    yield made
    made.stop()


def test_turns_come_a_period_apart_without_drifting(scheduler):
    """What a turn takes, and how late it began, does not add up."""
    turns: list[float] = []
    scheduler.every(PERIOD, "job", lambda: turns.append(monotonic()) or sleep(0.05))
    begun = monotonic()
    scheduler.start()
    sleep(6.4 * PERIOD)
    late = [turn - begun - at * PERIOD for at, turn in enumerate(turns)]

    assert len(turns) == 7
    assert min(late) >= 0
    assert max(late) < PERIOD
    assert scheduler.missed() == {}


def test_a_first_turn_can_be_put_off(scheduler):
    turns: dict[str, float] = {}
    for name, delay in (("first", 0.0), ("second", 0.3)):
        scheduler.every(
            60.0, name, lambda name=name: turns.setdefault(name, monotonic()), delay=delay
        )
    scheduler.start()
    sleep(0.8)

    assert 0.25 < turns["second"] - turns["first"] < 0.7


def test_a_job_that_hangs_misses_its_turns_and_delays_no_other(scheduler):
    hang, others = Event(), []
    scheduler.every(0.1, "hangs", lambda: hang.wait(5) and None)
    scheduler.every(0.1, "runs", lambda: others.append(1))
    scheduler.start()
    sleep(0.55)
    missed = scheduler.missed()
    sleep(0.5)
    more = scheduler.missed()
    hang.set()

    assert missed.keys() == more.keys() == {"hangs"}
    assert 3 <= missed["hangs"] <= 8
    assert 3 <= more["hangs"] <= 8
    assert len(others) >= 5


def test_missed_turns_are_counted_once_and_not_made_up_for(scheduler):
    turns: list[float] = []
    scheduler.every(
        0.1, "slow", lambda: turns.append(monotonic()) or sleep(0.45 if len(turns) == 1 else 0)
    )
    scheduler.start()
    sleep(0.3)
    before = scheduler.missed().get("slow", 0)
    sleep(0.7)
    after = scheduler.missed().get("slow", 0)
    gaps = [round((later - sooner) / 0.1) for sooner, later in pairwise(turns)]

    assert before >= 1
    assert before + after == gaps[0] - 1 == 4
    assert gaps[1] == 1


def test_a_turn_that_comes_late_is_not_missed_and_the_next_keeps_its_time(monkeypatch):
    """The machine slept: nothing went on meanwhile, and the turns in between are left out."""
    clock, turns = [100.0], []
    monkeypatch.setattr(aisec_daemon.app.schedule, "monotonic", lambda: clock[0])
    job = aisec_daemon.app.schedule._Job("job", 10.0, lambda: turns.append(clock[0]), 53.0)

    class Ending:
        def wait(self, seconds: float) -> bool:
            clock[0] += seconds
            return len(turns) == 3

    job.run(Ending())

    assert turns == [100.0, 103.0, 113.0]
    assert job.missed_since(clock[0]) == 0


def test_a_job_that_fails_goes_on(scheduler, caplog):
    turns: list[float] = []

    def fails() -> None:
        turns.append(1)
        raise OSError("once more")

    scheduler.every(0.05, "fails", fails)
    scheduler.start()
    sleep(0.4)

    assert len(turns) >= 3
    assert "once more" in caplog.text


def test_nothing_has_a_turn_after_the_end(scheduler):
    turns: list[float] = []
    scheduler.every(0.05, "job", lambda: turns.append(1))
    scheduler.start()
    sleep(0.2)
    scheduler.stop()
    sleep(0.1)
    count = len(turns)
    sleep(0.2)

    assert len(turns) == count >= 2
