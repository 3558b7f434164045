"""What is to be told reaches a target that fails, comes back, or hangs."""

from __future__ import annotations

import time
from threading import Event

import pytest

from aisec_daemon.journal.tail import Tail
from aisec_daemon.sinks.targets import courier
from aisec_daemon.sinks.targets.courier import Courier
from tests.journal.findings import change, finding, tick


class Target:
    def __init__(self):
        self.got, self.failing, self.closed = [], None, 0

    def send(self, seq, change):
        if self.failing:
            raise self.failing
        self.got.append(change.finding.id)

    def close(self):
        self.closed += 1


def until(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(courier, "_RETRY_SECONDS", 0.02)
    monkeypatch.setattr(courier, "_IDLE_SECONDS", 0.02)


@pytest.fixture
def sent():
    tail, target = Tail(), Target()
    made = Courier("r", tail, target)
    yield tail, target, made
    made.stop()
    made.join(5)


def test_each_change_is_delivered_once_in_order(sent):
    tail, target, made = sent
    for name in "abc":
        tail(tick(change("opened", of=finding(name))))
    made.wake()
    until(lambda: len(target.got) == 3)
    time.sleep(0.1)

    assert target.got == ["a", "b", "c"]
    assert (made.error, made.delivered) == ("", 3)


@pytest.mark.parametrize("why", [OSError("refused"), KeyError("oops")])
def test_what_could_not_be_delivered_is_kept_said_and_delivered_later(sent, why):
    tail, target, made = sent
    target.failing = why
    tail(tick(change("opened")))
    until(lambda: made.error)
    assert "r: " in made.error
    assert target.closed
    target.failing = None
    until(lambda: target.got)

    until(lambda: made.error == "")
    assert target.got == ["a"]


def test_one_that_hangs_is_left_behind():
    tail, target, hanging = Tail(), Target(), Event()
    target.send = lambda *_: hanging.wait(30)
    made = Courier("r", tail, target)
    tail(tick(change("opened")))
    begun = time.monotonic()
    made.stop()
    made.join(0.2)

    assert time.monotonic() - begun < 1
    hanging.set()


def test_what_came_before_it_was_known_is_not_delivered():
    tail, target = Tail(), Target()
    tail(tick(change("opened", of=finding("before"))))
    tail.begin()
    made = Courier("r", tail, target)
    tail(tick(change("opened", of=finding("after"))))
    until(lambda: target.got)
    made.stop()
    made.join(5)

    assert target.got == ["after"]
