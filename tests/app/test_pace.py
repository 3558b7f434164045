"""Which turns a sampler takes while its period is stretched."""

from __future__ import annotations

from aisec_daemon.app.pace import Pace


def turns(pace, count, table="process"):
    return "".join("x" if pace.due(table) else "." for _ in range(count))


def test_every_turn_is_taken_until_a_factor_leaves_some_out():
    factors = {"process": 1}
    pace = Pace({"process": 2.0, "gpu": 1.0}, lambda table: factors.get(table, 1))
    straight = turns(pace, 4)
    factors["process"] = 2
    halved = turns(pace, 6)
    factors["process"] = 4
    quartered = turns(pace, 8)

    assert (straight, halved, quartered) == ("xxxx", ".x.x.x", "...x...x")
    assert turns(pace, 3, "gpu") == "xxx"
    assert pace.periods == {"process": 8.0, "gpu": 1.0}


def test_the_first_turn_is_taken_whatever_is_shed():
    assert turns(Pace({"process": 2.0}, lambda table: 4), 5) == "x...x"


def test_a_period_that_shrinks_is_short_only_after_the_turn_that_ends_the_long_pause():
    """The pipeline holds the pause before that turn against it: it is no gap."""
    factors = {"process": 4}
    pace = Pace({"process": 2.0}, lambda table: factors.get(table, 1))
    turns(pace, 4)
    factors.clear()
    first = pace.due("process"), pace.periods["process"]
    second = pace.due("process"), pace.periods["process"]

    assert (first, second) == ((True, 8.0), (True, 2.0))
