"""Who is started, moved and killed, with children that only pretend to be processes."""

from typing import ClassVar

import pytest

from aisec_daemon.host.nvml import post
from aisec_daemon.host.nvml.crew import INIT_PATIENCE_SECONDS, Crew


class Pretender:
    """A child that says nothing; it dies of being killed only if it is `mortal`."""

    started: ClassVar[list] = []

    def __init__(self, command, now):
        self.count = None
        self.waiting = set()
        self.busy = None
        self.opening = self.idle = self.ended = False
        self.since = now
        self.rounds = 0
        self.killed = False
        self.mortal = True
        self.started.append(self)

    def kill(self):
        self.killed = True

    def is_dead(self, wait_seconds=0.0):
        return self.killed and self.mortal

    def at(self, gpu, now, *waiting):
        self.count, self.busy, self.since = 8, gpu, now
        self.waiting = {gpu, *waiting}


@pytest.fixture
def crew(monkeypatch):
    monkeypatch.setattr(post, "Child", Pretender)
    monkeypatch.setattr(Pretender, "started", [])
    crew = Crew(["child"], patience_seconds=0.3)
    crew.keep_up(100.0)
    crew.main.asked = True
    return crew


def test_a_child_others_wait_behind_becomes_the_quarantines(crew):
    (first,) = Pretender.started
    first.at(3, 100.0, 4)
    crew.keep_up(100.4)

    assert crew.apart.child is first
    assert not first.killed
    assert crew.quarantine.gpus == {3}
    assert crew.main.child is Pretender.started[1]


def test_patience_is_kept(crew):
    crew.main.child.at(3, 100.0, 4)
    crew.keep_up(100.2)

    assert crew.quarantine.gpus == frozenset()


def test_a_gpu_that_nobody_waits_behind_may_take_its_time(crew):
    crew.main.child.at(3, 100.0)
    crew.keep_up(100.7)
    assert crew.quarantine.gpus == frozenset()

    crew.main.asked = False  # the next turn begins, and waits
    crew.keep_up(100.8)
    assert crew.quarantine.gpus == {3}


def test_opening_a_gpu_may_take_longer(crew):
    crew.main.child.at(3, 100.0, 4)
    crew.main.child.opening = True
    crew.keep_up(101.5)
    assert crew.quarantine.gpus == frozenset()

    crew.keep_up(102.5)
    assert crew.quarantine.gpus == {3}


def test_never_more_than_two_processes_even_if_one_does_not_die(crew):
    """A child killed inside a driver call may stay: until it goes, no third one is started."""
    crew.main.child.at(3, 100.0, 4)
    crew.keep_up(100.4)
    stuck = crew.main.child
    stuck.mortal = False
    crew.main.asked = True
    stuck.at(5, 100.4, 6)
    crew.keep_up(101.0)
    crew.keep_up(101.1)

    assert stuck.killed
    assert len(Pretender.started) == 2
    assert crew.main.child is None
    stuck.mortal = True
    crew.keep_up(101.2)
    assert len(Pretender.started) == 3


def test_nvml_that_does_not_open_is_given_up_in_the_end(crew):
    (first,) = Pretender.started
    crew.keep_up(100.0 + INIT_PATIENCE_SECONDS - 1)
    assert not first.killed
    assert "has not opened" in crew.why(100.0 + INIT_PATIENCE_SECONDS - 1)

    crew.keep_up(100.0 + INIT_PATIENCE_SECONDS + 1)
    assert first.killed


def test_a_child_with_nothing_to_serve_is_let_go(crew):
    (first,) = Pretender.started
    first.at(3, 100.0, 4)
    crew.keep_up(100.4)
    crew.quarantine.clear()
    crew.keep_up(100.5)

    assert first.killed
    assert crew.apart.child is None
