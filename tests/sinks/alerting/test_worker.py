"""The thread of a courier: it waits, is woken, ends when told, and begins again after a fault."""

from __future__ import annotations

import time
from threading import Event
from types import SimpleNamespace

import pytest

from aisec_daemon.sinks.alerting.worker import Latest, Worker
from tests.journal.findings import finding, tick


class Courier:
    """Notes its turns; the next is never due."""

    def __init__(self, *, fault: bool = False) -> None:
        self.turns: list[tuple[float, int]] = []
        self.turned = Event()
        self.fault = fault
        self.trouble = SimpleNamespace(sentence=lambda now: "the moon is full")

    def turn(self, now, findings) -> float:
        self.turns.append((now, len(findings)))
        self.turned.set()
        if self.fault:
            raise RuntimeError("oops")
        return float("inf")


def test_it_begins_with_the_first_tick_and_wakes_for_news():
    latest, courier = Latest(), Courier()
    worker = Worker(courier, latest)
    assert not courier.turned.wait(0.1)
    latest.take(tick(open_now=(finding(),), time=1000.0))
    worker.wake()
    assert courier.turned.wait(1)
    courier.turned.clear()
    worker.wake()
    assert courier.turned.wait(1)
    worker.stop()
    worker.join(1)

    assert [count for _, count in courier.turns] == [1, 1]
    assert 1000 <= courier.turns[0][0] <= courier.turns[1][0] < 1002
    assert worker._trouble == "the moon is full"


def test_time_goes_on_between_ticks():
    latest = Latest()
    latest.take(tick(time=1000.0))
    before = latest.now()
    time.sleep(0.02)

    assert 1000 <= before < before + 0.02 <= latest.now() < 1001


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_fault_another_thread_begins_and_it_is_told():
    latest, courier = Latest(), Courier(fault=True)
    latest.take(tick(time=1000.0))
    worker = Worker(courier, latest, rest=0.1)
    assert courier.turned.wait(1)
    worker.join(1)
    courier.turned.clear()
    courier.fault = False
    time.sleep(0.11)
    said = worker.tend()
    assert courier.turned.wait(1)
    time.sleep(0.05)
    after = worker.tend()
    worker.stop()
    worker.join(1)

    assert said == "a thread that sends alerts has ended; the log says why"
    assert after == "the moon is full"
