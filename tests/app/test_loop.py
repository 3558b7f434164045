"""The loop steps, survives faulty parts, and does not call itself healthy while it sees nothing."""

from __future__ import annotations

from queue import Queue

import pytest

from aisec_daemon.app import loop as module
from aisec_daemon.app.clock import Clock
from aisec_daemon.app.loop import Loop
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from tests.pipeline.tables import TABLE, snapshot


@pytest.fixture
def now(monkeypatch):
    """A monotonic clock that the test turns."""
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.0)
    return now


@pytest.fixture
def loop(now):
    loop = Loop(Upkeep(), Clock(), Queue())
    loop.pipeline = Pipeline({"gpu": TABLE}, [], {})
    return loop


def turn(loop, now, *, fed: bool, seconds: float = 5.0):
    now[0] += seconds
    if fed:
        loop._inbox.put(snapshot(now[0], {"a": (1, 1)}))
    loop.turn()


def test_a_loop_that_steps_is_healthy(loop, now):
    for _ in range(20):
        turn(loop, now, fed=True)

        assert loop.healthy


def test_a_loop_that_turns_without_snapshots_is_not(loop, now):
    """As when the scheduler has died: nothing is late then, since nothing says what is due."""
    turn(loop, now, fed=True)
    for _ in range(5):
        turn(loop, now, fed=False)
    still = loop.healthy
    turn(loop, now, fed=False)

    assert still
    assert not loop.healthy


def test_a_loop_whose_every_step_fails_is_not(loop, now, monkeypatch):
    def fail(_):
        raise RuntimeError("broken")

    turn(loop, now, fed=True)
    monkeypatch.setattr(loop.pipeline, "step", fail)
    for _ in range(6):
        turn(loop, now, fed=True)

    assert not loop.healthy


def test_a_loop_that_hangs_in_a_part_is_not(loop, now):
    turn(loop, now, fed=True)
    now[0] += 11

    assert not loop.healthy


def test_a_tape_may_have_gaps(now):
    loop = Loop(Upkeep(), Clock(), Queue(), float("inf"))
    turn(loop, now, fed=False, seconds=3600)

    assert loop.healthy
