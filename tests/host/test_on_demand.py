"""What is made on demand is made once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Thread

from aisec_daemon.host.on_demand import on_demand


@dataclass(frozen=True)
class Thing:
    made: list

    @on_demand
    def slow(self) -> object:
        """Take a while."""
        self.made.append("slow")
        time.sleep(0.05)
        return object()

    @on_demand
    def upon_it(self) -> object:
        self.made.append("upon it")
        return self.slow


def test_threads_that_ask_at_once_get_the_same():
    thing, got = Thing([]), []
    names = ["slow", "upon_it"] * 4
    threads = [Thread(target=lambda name=name: got.append(getattr(thing, name))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, got))) == 1
    assert sorted(thing.made) == ["slow", "upon it"]


def test_each_instance_has_its_own_and_nothing_is_made_before():
    one, other = Thing([]), Thing([])

    assert one.slow is not other.slow
    assert (one.made, Thing([]).made) == (["slow"], [])
    assert "slow" not in Thing([]).__dict__
