"""A sink that cannot deliver, or is faulty, is seen and stops no other."""

from __future__ import annotations

from queue import Queue

import pytest

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.loop import Loop
from aisec_daemon.pipeline.pipeline import Pipeline
from aisec_daemon.pipeline.upkeep import Upkeep
from tests.pipeline.tables import TABLE, snapshot


class Sink:
    def __init__(self, failure=None):
        self.ticks, self.failure = [], failure

    def __call__(self, tick):
        self.ticks.append(tick)
        if self.failure:
            raise self.failure

    def close(self):
        pass


@pytest.mark.parametrize(
    ("failure", "said"),
    [(OSError("no route"), "no route"), (KeyError("oops"), "fault in this part: KeyError('oops')")],
)
def test_the_others_get_the_tick_and_upkeep_knows_why(failure, said, caplog):
    upkeep, inbox, bad, good = Upkeep(), Queue(), Sink(failure), Sink()
    loop = Loop(upkeep, Clock(), inbox)
    loop.pipeline = Pipeline({"gpu": TABLE}, (), {"gpu": 1.0})
    loop.sinks = {"bad": bad, "good": good}
    for time in (1.0, 2.0):
        inbox.put(snapshot(time, {"a": (1.0, 1.0)}))
        loop.turn()
    table = upkeep.snapshot(3.0)
    errors = dict(zip(table.labels["part"], table.labels["error"], strict=True))

    assert len(good.ticks) == len(bad.ticks) == 2
    assert (errors["sink/bad"], errors["sink/good"]) == (said, "")
    assert caplog.text.count("sink/bad") == 1  # said once, not at every tick


def test_the_loop_knows_for_how_long_it_has_been_behind(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("aisec_daemon.app.loop.monotonic", lambda: now[0])
    inbox = Queue()
    loop = Loop(Upkeep(), Clock(), inbox)
    loop.pipeline = Pipeline({"gpu": TABLE}, (), {"gpu": 1.0})
    loop.turn()
    for at in range(3):
        inbox.put(snapshot(float(at), {"a": (1.0, 1.0)}))
    for _ in range(3):
        now[0] += 4.0
        loop.turn()
    behind = loop.behind_seconds
    loop.turn()

    assert behind == 12.0
    assert loop.behind_seconds == 0.0


def test_the_cpu_of_a_detector_is_its_own():
    upkeep = Upkeep()
    loop = Loop(upkeep, Clock(), Queue())
    loop.guard("busy", lambda: sum(range(3_000_000)))
    told = upkeep.snapshot(1.0)

    assert told.subjects == ("detector/busy",)
    assert told["cpu_seconds"][0] > 0.01
