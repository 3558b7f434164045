"""Every column of other people's logs is a column that we have."""

from __future__ import annotations

import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.app.traces.columns import DMON, PMON, QUERY, QUERY_WORDS, placed

TABLES = catalogue.tables()


@pytest.mark.parametrize(
    ("columns", "table"), [(QUERY, "gpu"), (DMON, "gpu"), (PMON, "gpu_process")]
)
def test_each_fills_a_column_that_there_is(columns, table):
    assert {column for column, _ in columns.values()} <= set(TABLES[table].column_names)


def test_each_word_is_a_label_that_there_is():
    assert set(QUERY_WORDS.values()) <= {label.name for label in TABLES["gpu"].labels}


@pytest.mark.parametrize("turned", [False, True])
def test_the_instant_power_is_preferred_to_the_mean(turned):
    names = ["power.draw", "power.draw.instant"][:: -1 if turned else 1]
    found = placed(names, QUERY, TABLES["gpu"])

    assert found[TABLES["gpu"].index("power_watts")][0] == names.index("power.draw.instant")
