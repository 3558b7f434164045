"""Asks every sink the same questions: hostile text, nothing to tell, the same tick twice."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aisec_daemon.sinks
from aisec_daemon.app import catalogue
from aisec_daemon.journal.tail import Tail
from aisec_daemon.model import Change, Finding, Rule, Severity, Snapshot, Status, Tick
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.trace import Trace

RULE = Rule("hot", "Too hot", Severity.HIGH, "Summer.")
TABLES = catalogue.tables()
OUTLETS = catalogue.sinks()
NO_OUTLETS = {"own", "trace"}
hostile = st.text(max_size=30) | st.sampled_from(
    ['"', "\\", "\n", "\0", "\x1b[31m", "# EOF\n", "} 1\nfake_metric 1", "x" * 65536, "\ud800"]
)


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("state")


def place(state: Path, outbox: Tail | None = None) -> Place:
    return Place(state, "node", "1.0", outbox or Tail(), (RULE,))


def opened(name: str, state: Path, outbox: Tail | None = None):
    """Open a sink with its defaults, where those need nothing that is not here."""
    given = {"events": {"journald": False, "file": str(state / "events.jsonl")}}
    return OUTLETS[name](**given.get(name, {})).open(place(state, outbox))


def trace() -> Trace:
    return Trace(Path(os.devnull), "node", dict.fromkeys(TABLES, 1.0), TABLES)


def tick(table: str, text: str, rows: int) -> Tick:
    names = tuple(f"{text}{i}" for i in range(rows))
    declared = TABLES[table]
    values = np.full((rows, len(declared.columns)), 1.5)
    labels = {label.name: names for label in declared.labels}
    snapshot = Snapshot(declared, 1.8e9, names, values, labels)
    finding = Finding(
        text, RULE, text, Status.OPEN, Severity.HIGH, names, 1.0, 1.0, 0.0, 0.0, np.nan, text
    )
    increase = np.full(values.shape, np.nan)
    return Tick(1.8e9, snapshot, lambda: increase, (Change(1.8e9, "opened", finding),), (finding,))


@pytest.mark.parametrize("name", [*OUTLETS, "trace"])
@settings(max_examples=40, deadline=None)
@given(table=st.sampled_from(sorted(TABLES)), text=hostile, rows=st.integers(0, 3))
def test_it_takes_any_tick_twice_and_leaves_it_as_it_was(name, state, table, text, rows):
    outbox, given_tick = Tail(), tick(table, text, rows)
    sink = trace() if name == "trace" else opened(name, state, outbox)
    given_tick.increase.setflags(write=False)
    before = given_tick.snapshot.values.copy()
    for _ in range(2):
        outbox(given_tick)
        assert sink(given_tick) is None
    sink.close()

    np.testing.assert_array_equal(given_tick.snapshot.values, before)


@pytest.mark.parametrize("name", OUTLETS)
def test_its_settings_are_a_frozen_dataclass_with_words_of_help(name):
    outlet = OUTLETS[name]

    assert outlet.__dataclass_params__.frozen
    assert outlet() == outlet()
    assert outlet.__doc__
    assert not outlet.__doc__.startswith(outlet.__name__ + "(")
    assert isinstance(outlet.on, bool)
    assert isinstance(outlet.replays, bool)
    assert not {field.name for field in dataclasses.fields(outlet)} & {"on", "replays", "enabled"}


@pytest.mark.parametrize("name", OUTLETS)
def test_what_it_puts_on_the_page_is_named_after_us(name):
    assert [f.name for f in OUTLETS[name].families if not f.name.startswith("aisec_")] == []


@pytest.mark.parametrize("name", OUTLETS)
def test_it_can_be_closed_and_opened_again_and_closed_twice(name, state):
    for _ in range(2):
        sink = opened(name, state)
        sink.close()
    sink.close()


def test_every_sink_is_asked():
    files = {file.stem for file in Path(aisec_daemon.sinks.__file__).parent.glob("[a-z]*.py")}

    assert files == {*OUTLETS, *NO_OUTLETS}
