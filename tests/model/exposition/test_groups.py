"""Sums over rows, against a slow twin."""

import math
from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table, Tick
from aisec_daemon.model.exposition import GroupSection

TABLE = Table(
    "process",
    "Processes.",
    (
        Column("cpu_seconds", "CPU.", Kind.COUNTER),
        Column("memory_resident_bytes", "Memory."),
        Column("start_timestamp_seconds", "Start.", Kind.TIMESTAMP),
    ),
    (Label("pid", "Pid."), Label("user", "User."), Label("command", "Command.")),
    series=("pid", "user"),
    aggregate=("user",),
)
NAN = math.nan


def tick(*rows: tuple[str | None, float, float, float]) -> Tick:
    """Rows of user, CPU, its increase, memory; pids are their places."""
    values = np.array([(cpu, memory, 5.0) for _, cpu, _, memory in rows]).reshape(len(rows), 3)
    increase = np.array([(rise, NAN, NAN) for _, _, rise, _ in rows]).reshape(len(rows), 3)
    pids = tuple(str(at) for at in range(len(rows)))
    labels = {"pid": pids, "user": tuple(r[0] for r in rows), "command": ("secret",) * len(rows)}
    return Tick(1.0, Snapshot(TABLE, 1.0, pids, values, labels), lambda: increase, (), ())


def show(section: GroupSection, of: Tick) -> dict[str, float]:
    found = {}
    for chunk in section.take(of)().chunks:
        for line in chunk.body.decode()[1:].split("\n"):
            prefix, number = line.rsplit(" ", 1)
            assert prefix not in found
            found[prefix.removeprefix("aisec_process_")] = float(number)
    return found


def test_counters_add_up_what_rows_rose_by() -> None:
    """A group starts at 0, a process that ends takes nothing back."""
    section = GroupSection(TABLE, {}, 100, 0)
    first = show(section, tick(("a", 50.0, NAN, 1.0), ("a", 60.0, NAN, 2.0)))
    second = show(section, tick(("a", 51.0, 1.0, 1.0), ("a", 62.0, 2.0, 2.0)))
    third = show(section, tick(("a", 51.5, 0.5, 1.0)))

    assert first == {
        'count{user="a"}': 2.0,
        'cpu_seconds_total{user="a"}': 0.0,
        'memory_resident_bytes{user="a"}': 3.0,
    }
    assert second['cpu_seconds_total{user="a"}'] == 3.0
    assert third['cpu_seconds_total{user="a"}'] == 3.5


def test_a_sum_with_an_unread_member_is_unread() -> None:
    """The count is known all the same; the counter goes on with those that were read."""
    found = show(GroupSection(TABLE, {}, 100, 0), tick(("a", 1.0, 1.0, NAN), ("a", NAN, NAN, 2.0)))

    assert found == {'count{user="a"}': 2.0, 'cpu_seconds_total{user="a"}': 1.0}


def test_a_counter_that_nobody_could_read_is_not_zero() -> None:
    """Absent, until one member is read."""
    section = GroupSection(TABLE, {}, 100, 0)

    assert 'cpu_seconds_total{user="a"}' not in show(section, tick(("a", NAN, NAN, 1.0)))
    assert show(section, tick(("a", 1.0, NAN, 1.0)))['cpu_seconds_total{user="a"}'] == 0.0


def test_a_group_that_is_gone_is_forgotten() -> None:
    """It begins again at 0 when it comes back."""
    section = GroupSection(TABLE, {}, 100, 0)
    section.take(tick(("a", 1.0, 9.0, 1.0)))

    assert show(section, tick()) == {}
    assert len(section._totals) == 0
    assert show(section, tick(("a", 1.0, NAN, 1.0)))['cpu_seconds_total{user="a"}'] == 0.0


def test_unread_owners_are_one_group() -> None:
    """None is shown as unknown, and is one with a user of that name."""
    found = show(GroupSection(TABLE, {}, 100, 0), tick((None, 1, 0, 1.0), ("unknown", 1, 0, 2.0)))

    assert found['count{user="unknown"}'] == 2.0


def test_groups_that_came_first_stay() -> None:
    """Three series a group: a limit of five has room for one."""
    section = GroupSection(TABLE, {}, 5, 0)
    section.take(tick(("b", 1.0, 4.0, 1.0)))
    late = tick(("a", 1.0, 1.0, 1.0), ("b", 1.0, 1.0, 1.0))

    assert section.take(late)().dropped == 3
    assert show(section, late) == {
        'count{user="b"}': 1.0,
        'cpu_seconds_total{user="b"}': 6.0,
        'memory_resident_bytes{user="b"}': 1.0,
    }


def test_single_rows_are_the_largest_and_only_on_demand() -> None:
    """Ranked by the first gauge, unread ones last and left out; no command line."""
    rows = tick(("a", 1.0, 0.0, 5.0), ("b", 2.0, 0.0, 9.0), ("c", 3.0, 0.0, NAN), ("d", 4, 0, 7.0))
    found = show(GroupSection(TABLE, {}, 100, 2), rows)

    assert {k: v for k, v in found.items() if k.startswith("pid")} == {
        'pid_cpu_seconds_total{pid="1",user="b"}': 2.0,
        'pid_cpu_seconds_total{pid="3",user="d"}': 4.0,
        'pid_memory_resident_bytes{pid="1",user="b"}': 9.0,
        'pid_memory_resident_bytes{pid="3",user="d"}': 7.0,
        'pid_start_timestamp_seconds{pid="1",user="b"}': 5.0,
        'pid_start_timestamp_seconds{pid="3",user="d"}': 5.0,
    }


def test_a_counter_never_goes_back() -> None:
    """Whatever a fall of one row is, it takes nothing from the sum."""
    section = GroupSection(TABLE, {}, 100, 0)
    section.take(tick(("a", 9.0, 5.0, 1.0)))

    assert show(section, tick(("a", 1.0, -8.0, 1.0)))['cpu_seconds_total{user="a"}'] == 5.0


CELL = st.integers(0, 9).map(float) | st.just(NAN)
ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), CELL, CELL, CELL), max_size=6)


@settings(max_examples=80)
@given(st.lists(ROWS, max_size=5))
def test_sums_are_those_of_the_slow_twin(turns: list) -> None:
    """Loops and dictionaries say the same."""
    section = GroupSection(TABLE, {}, 1000, 0)
    totals: dict[str, float] = {}
    for rows in turns:
        groups = defaultdict(list)
        for user, *numbers in rows:
            groups[user or "unknown"].append(numbers)
        totals = {user: totals.get(user, 0.0) for user in groups}
        want = {}
        for user, of in groups.items():
            totals[user] += sum(rise for _, rise, _ in of if rise > 0)
            want[f'count{{user="{user}"}}'] = float(len(of))
            memory = sum(m for _, _, m in of)
            if not math.isnan(memory):
                want[f'memory_resident_bytes{{user="{user}"}}'] = memory
            if any(not math.isnan(cpu) for cpu, _, _ in of):
                want[f'cpu_seconds_total{{user="{user}"}}'] = totals[user]

        assert show(section, tick(*rows)) == want
