"""The daemon looks at what it costs, tells it, and sheds."""

from __future__ import annotations

import pytest

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.costs import Costs
from aisec_daemon.app.settings import SettingsError, load
from aisec_daemon.host.own import Usage
from aisec_daemon.model.exposition import Board
from aisec_daemon.pipeline.cost import Budget
from aisec_daemon.pipeline.upkeep import Upkeep

GROUPS = [["sensor"], ["process"]]


@pytest.fixture
def made(monkeypatch):
    """Costs with a clock that is set by hand; `spend` says what the next look will read."""
    costs = Costs(Upkeep(), Clock(), Board(), replaying=False)
    costs.time = 1000.0
    monkeypatch.setattr(costs._clock, "now", lambda: costs.time)
    costs.arrange(Budget(0.1, 1e9), GROUPS)
    return costs


def look(costs, dropped=0):
    costs.time += 5.0
    return costs.look(0.0, 0.0, dropped)


def test_a_look_gives_the_table_and_puts_the_tree_on_the_board(made):
    due = made.due()
    snapshot = look(made)
    shown = b"".join(chunk.body for chunk in made._board.chunks({}))

    assert due
    assert not made.due()
    assert snapshot.table.name == "cost"
    assert snapshot["own_cpu_seconds"][0] > 0
    assert snapshot["own_memory_bytes"][0] > 10_000_000
    assert (snapshot["cpu_budget_ratio"][0], snapshot["memory_budget_bytes"][0]) == (0.1, 1e9)
    assert (snapshot["shed_steps"][0], snapshot["most_shed_steps"][0]) == (0.0, 4.0)
    assert b"aisec_process_tree_memory_bytes" in shown
    made.time += 5.0
    assert made.due()


def test_what_does_not_keep_up_is_shed_and_logged(made, caplog):
    snapshot = look(made, dropped=1)

    assert made.factor("sensor") == 2
    assert made.factor("process") == made.factor("gpu") == 1
    assert "read more rarely, since the pipeline dropped 1 readings: step 1 of 4, sensor x2" in (
        caplog.text
    )
    assert (snapshot["shed_steps"][0], snapshot.labels["shed"][0]) == (1.0, "sensor x2")


def test_cpu_of_the_whole_tree_is_held_against_the_budget(made, monkeypatch):
    spent = [0.0]
    monkeypatch.setattr(made._own, "read", lambda: Usage(spent[0], 2 * spent[0], 1.0, 1.0))
    for _ in range(26):
        spent[0] += 5 * 0.04
        look(made)

    assert made.factor("sensor") == 2


def test_new_settings_keep_what_is_shed_unless_the_order_is_another(made):
    look(made, dropped=1)
    made.arrange(Budget(0.2, 1e9), GROUPS)
    kept = made.factor("sensor")
    made.arrange(Budget(0.2, 1e9), [["process"]])

    assert (kept, made.factor("sensor")) == (2, 1)


def test_while_a_recording_is_played_nothing_is_shed_and_its_own_costs_are_shown():
    costs = Costs(Upkeep(), Clock(), Board(), replaying=True)
    costs.arrange(Budget(), GROUPS)

    assert costs.look(100.0, 0.0, 5) is None
    assert costs.factor("sensor") == 1


def test_the_budget_is_set_in_its_section(tmp_path):
    file = tmp_path / "aisec.toml"
    file.write_text('[budget]\ncpu_ratio = 0.5\nshed = [["process_view"], []]\n')
    budget = load(file).budget

    assert budget.limits() == Budget(0.5, 268435456.0)
    assert budget.shed == [["process_view"]]
    assert load(None).budget.shed[-1] == ["process"]


@pytest.mark.parametrize(
    ("shed", "why"),
    [
        ('[["gpu"]]', "'gpu' is never shed"),
        ('[["nothing"]]', "'nothing' does not exist"),
        ('[["process"], ["process"]]', "twice"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(tmp_path, shed, why):
    file = tmp_path / "aisec.toml"
    file.write_text(f"[budget]\nshed = {shed}\n")

    with pytest.raises(SettingsError, match=why):
        load(file)
