from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.detectors.mining.ledger import DAY_SECONDS, SHAPE, Ledger
from aisec_daemon.detectors.mining.rows import Rows
from aisec_daemon.model import State

NOW = 1_800_000_000.0
HOUR = 3600.0


def rows(**words):
    return Rows(("s",), ("k",), ("1:1",), (words,), np.array([0]), np.array([0]))


def charged(seconds, watts, step=1.0):
    """Charge one case for a while, a turn every `step` seconds."""
    state, time = State.empty(SHAPE), NOW
    for _ in range(int(seconds / step) + 1):
        ledger = Ledger(state, time)
        ledger.charge(["k"], np.array([watts]))
        state, time = ledger.close(), time + step
    return Ledger(state, time - step)


def test_energy_adds_up():
    ledger = charged(2 * HOUR, 100.0, step=5.0)

    assert ledger.watt_hours(["k"])[0] == pytest.approx(200, rel=0.1)


def test_within_its_first_hour_nothing_is_said():
    assert np.isnan(charged(0.5 * HOUR, 100.0, step=5.0).watt_hours(["k"])[0])
    assert np.isnan(charged(60, 100.0).watt_hours(["another"])[0])


def test_a_day_of_energy_fades_over_a_day():
    ledger = charged(2 * HOUR, 100.0, step=5.0)
    full = ledger.watt_hours(["k"])[0]

    later = Ledger(ledger.close(), NOW + 2 * HOUR + DAY_SECONDS).watt_hours(["k"])[0]

    assert later == pytest.approx(full / np.e, rel=0.01)


def test_a_gap_is_charged_to_nobody():
    """Nobody knows what happened while the daemon did not look."""
    ledger = charged(2 * HOUR, 100.0, step=5.0)
    full = ledger.watt_hours(["k"])[0]

    late = Ledger(ledger.close(), NOW + 3 * HOUR)
    late.charge(["k"], np.array([100.0]))

    assert late.watt_hours(["k"])[0] <= full


def test_a_user_is_new_only_where_others_are_known_for_a_week():
    young = Ledger(State.empty(SHAPE), NOW)
    young.see(rows(user="alice"))
    assert np.isnan(young.new_user({"user": "alice"}))

    week = 8 * DAY_SECONDS
    known = Ledger(young.close(), NOW + week)
    known.see(rows(user="alice"))
    known.see(rows(user="mallory"))

    assert known.new_user({"user": "mallory"}) == 1
    assert known.new_user({"user": "alice"}) == 0
    later = Ledger(known.close(), NOW + week + 2 * HOUR)
    assert later.new_user({"user": "mallory"}) == 0


def test_what_the_node_usually_shows_is_remembered():
    ledger = Ledger(State.empty(SHAPE), NOW)
    assert not ledger.lists_processes
    assert not ledger.has_scheduler

    ledger.see(rows(user="alice", slurm_job="7"))

    assert ledger.lists_processes
    assert ledger.has_scheduler
    assert not Ledger(ledger.close(), NOW + 2 * DAY_SECONDS).has_scheduler


def test_whether_proc_shows_the_drivers_processes_is_remembered():
    """Where it never did, we are in another pid namespace and accuse nobody."""
    hidden = Rows(("s",), ("k",), ("7:?",), ({},), np.array([0]), np.array([0]))
    ledger = Ledger(State.empty(SHAPE), NOW)
    ledger.see(hidden)
    assert not ledger.resolves

    ledger.see(rows(user="alice"))

    assert Ledger(ledger.close(), NOW + 90 * DAY_SECONDS).resolves


def test_memory_is_bounded_and_keeps_the_latest():
    state = State.empty(SHAPE)
    for at in range(3):
        ledger = Ledger(state, NOW + at)
        for user in range(2500):
            ledger.see(rows(user=f"{at}-{user}"))
        state = ledger.close()

    assert len(state.keys) == SHAPE.rows
    assert state.values.shape == (SHAPE.rows, len(SHAPE.fields))
    assert "user/2-7" in state.keys
    assert "user/0-7" not in state.keys
    assert list(state.keys) == sorted(state.keys)
