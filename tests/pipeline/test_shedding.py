"""What is read more rarely, when, in which order, and when it is read as often as set again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.pipeline.shedding import Pressure, Shedding

GROUPS = (("asset", "sensor"), ("process_view",), ("process",))
LOOK = 5.0


class Node:
    """A daemon that is looked at every five seconds, with time and CPU of its own."""

    def __init__(self, groups=GROUPS, first_minute=0.02):
        self.shedding = Shedding(groups)
        self.time = 1000.0
        self.cpu = 50.0
        self.run(60, cores=first_minute)

    def until_step(self):
        """Let time pass without pressure; return after how long a step was taken."""
        begun = self.time
        while not self.run(LOOK):
            assert self.time - begun < 4000
        return self.time - begun

    def run(self, seconds, cores=0.02, **pressure):
        """Let time pass under this pressure; returns the seconds at which a step was taken."""
        begun, stepped = self.time, []
        while self.time - begun < seconds:
            self.time += LOOK
            self.cpu += cores * LOOK
            look = Pressure(cpu_seconds=self.cpu, cpu_budget_ratio=0.1, **pressure)
            if self.shedding.look(self.time, look):
                stepped.append(self.time - begun)
        return stepped

    @property
    def factors(self):
        tables = [table for group in GROUPS for table in group]
        return [self.shedding.factor(table) for table in [*tables, "gpu"]]


def test_tables_are_shed_in_their_order_and_gpus_never():
    node, seen = Node(), []
    for _ in range(8):
        node.run(15, behind_seconds=30.0)
        seen.append(node.factors)

    assert seen[0] == [1, 1, 1, 1, 1] or seen[0] == [2, 2, 1, 1, 1]
    order = [factors for at, factors in enumerate(seen) if factors not in seen[:at]]
    assert [factors for factors in order if factors != [1, 1, 1, 1, 1]] == [
        [2, 2, 1, 1, 1],
        [4, 4, 1, 1, 1],
        [4, 4, 2, 1, 1],
        [4, 4, 4, 1, 1],
        [4, 4, 4, 2, 1],
        [4, 4, 4, 4, 1],
    ]
    assert node.shedding.words == "asset x4 sensor x4 process_view x4 process x4"
    assert (node.shedding.step, node.shedding.steps) == (6, 6)


def test_a_node_with_room_sheds_nothing():
    node = Node()

    assert node.run(7200) == []
    assert (node.shedding.step, node.shedding.words, node.shedding.why) == (0, "", "")


@pytest.mark.parametrize(
    ("pressure", "why"),
    [
        ({"behind_seconds": 6.0}, "the pipeline is 6 s behind"),
        ({"late_seconds": 1.5}, "turns begin 1.5 s late for want of a processor"),
        ({"slow_ratio": 0.6}, "a sampler computes for 60 % of its period"),
    ],
)
def test_a_burst_sheds_nothing_and_what_lasts_does(pressure, why):
    node = Node()
    burst = node.run(10, **pressure)
    node.run(10)

    assert burst == []
    assert node.run(15, **pressure) == [15.0]
    assert node.shedding.why == why


def test_a_dropped_reading_sheds_at_once():
    node = Node()

    assert node.run(5, dropped_readings=3) == [5.0]
    assert node.shedding.why == "the pipeline dropped 3 readings"


def test_a_minute_past_the_cpu_budget_sheds_and_half_a_minute_does_not():
    node = Node()
    node.run(120)
    short = node.run(30, cores=0.15)

    assert short == []
    assert node.run(60, cores=0.15)
    assert node.shedding.why.startswith("it used 1.")
    assert node.shedding.why.endswith("times its CPU budget")


def test_the_first_minute_may_cost_what_it_does():
    assert Node(first_minute=1.5).run(600) == []


def test_each_step_is_given_a_minute_to_show_what_it_saves():
    """What was spent before the step is not held against it."""
    steps = Node().run(400, cores=0.15)

    assert len(steps) >= 3
    assert all(later - before >= 60 for before, later in pairwise(steps))


def test_a_step_is_taken_back_once_there_is_room():
    node = Node()
    node.run(15, behind_seconds=9.0)
    steps = node.run(600)

    assert len(steps) == 1
    assert 120 <= steps[0] <= 140  # a minute to measure, and a minute of room
    assert (node.shedding.step, node.shedding.words, node.shedding.why) == (0, "", "")


@pytest.mark.parametrize(
    "pressure",
    [{"cores": 0.08}, {"behind_seconds": 4.0}, {"late_seconds": 0.8}, {"slow_ratio": 0.2}],
)
def test_what_is_neither_too_much_nor_little_changes_nothing(pressure):
    """Else it would be taken back and shed again without end."""
    node = Node()
    node.run(15, behind_seconds=9.0)

    assert node.run(3600, **pressure) == []
    assert node.shedding.step == 1


def test_a_step_back_that_did_not_last_is_tried_twice_as_late():
    """The load returns with the tables: whoever sheds and takes back in turn helps nobody."""
    node, waits = Node(), []
    for _ in range(9):
        assert node.run(30, behind_seconds=9.0)
        waits.append(node.until_step())

    assert 110 <= waits[0] <= 140
    assert 50 <= waits[1] - waits[0] <= 70
    assert waits[-1] == waits[-2] == pytest.approx(3650, abs=15)


def test_after_an_hour_without_a_step_relapses_are_forgotten():
    node = Node()
    for _ in range(4):
        node.run(30, behind_seconds=9.0)
        node.run(700)
    node.run(4 * 3600)
    node.run(30, behind_seconds=9.0)

    assert 110 <= node.until_step() <= 140


def test_without_tables_to_shed_it_says_only_why():
    node = Node(())

    assert node.run(60, behind_seconds=9.0) == []
    assert node.shedding.why == "the pipeline is 9 s behind"


PRESSURES = st.builds(
    Pressure,
    behind_seconds=st.floats(0, 1e6),
    dropped_readings=st.integers(0, 1000),
    late_seconds=st.floats(0, 1e6),
    slow_ratio=st.floats(0, 10),
    cpu_seconds=st.floats(0, 1e9),
    cpu_budget_ratio=st.floats(1e-3, 64),
)


@given(st.lists(st.tuples(st.floats(0, 1e4), PRESSURES), max_size=60))
def test_whatever_presses_steps_are_single_and_what_is_listed_first_is_shed_most(looks):
    node, time = Node(), 0.0
    for passed, pressure in looks:
        time += passed
        before, step = node.factors, node.shedding.step
        stepped = node.shedding.look(time, pressure)

        assert abs(node.shedding.step - step) == int(stepped)
        assert 0 <= node.shedding.step <= node.shedding.steps
        assert node.factors == sorted(node.factors, reverse=True)
        assert node.factors[-1] == 1
        ratios = [now / then for now, then in zip(node.factors, before, strict=True)]
        assert set(ratios) <= {0.5, 1.0, 2.0}  # no pause of over four periods that are in force
