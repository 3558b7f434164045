"""Asks every sink the same questions: hostile text, nothing to tell, the same tick twice."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aisec_daemon.sinks
from aisec_daemon.app import catalogue
from aisec_daemon.model import Change, Finding, Rule, Severity, Snapshot, Status, Tick
from aisec_daemon.sinks.log import Log
from aisec_daemon.sinks.metrics import Metrics
from aisec_daemon.sinks.trace import Trace

RULE = Rule("hot", "Too hot", Severity.HIGH, "Summer.")
TABLES = catalogue.tables()
SINKS = {
    "log": Log,
    "metrics": lambda: Metrics([RULE]),
    "trace": lambda: Trace(Path(os.devnull), "node", dict.fromkeys(TABLES, 1.0), TABLES),
}
hostile = st.text(max_size=30) | st.sampled_from(
    ['"', "\\", "\n", "\0", "\x1b[31m", "# EOF\n", "} 1\nfake_metric 1", "x" * 65536, "\ud800"]
)


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
    return Tick(1.8e9, snapshot, increase, (Change(1.8e9, "opened", finding),), (finding,))


@pytest.mark.parametrize("name", SINKS)
@settings(max_examples=40, deadline=None)
@given(table=st.sampled_from(sorted(TABLES)), text=hostile, rows=st.integers(0, 3))
def test_it_takes_any_tick_twice_and_leaves_it_as_it_was(name, table, text, rows):
    sink, given_tick = SINKS[name](), tick(table, text, rows)
    given_tick.increase.setflags(write=False)
    before = given_tick.snapshot.values.copy()
    for _ in range(2):
        assert sink(given_tick) is None

    np.testing.assert_array_equal(given_tick.snapshot.values, before)


def test_every_sink_is_asked():
    files = {file.stem for file in Path(aisec_daemon.sinks.__file__).parent.glob("[a-z]*.py")}
    assert files == set(SINKS)
