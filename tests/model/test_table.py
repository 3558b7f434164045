"""A declaration that would mislead is refused."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.model import Column, Kind, Label, Snapshot, Table


@pytest.mark.parametrize(
    "name", ["power", "Power_watts", "power watts", "power_", "power_megawatts"]
)
def test_a_column_must_end_in_a_base_unit(name):
    with pytest.raises(ValueError, match="unit"):
        Column(name, "Help.")


def test_a_timestamp_says_so_in_its_name():
    with pytest.raises(ValueError, match="timestamp_seconds"):
        Column("start_seconds", "Help.", Kind.TIMESTAMP)


def test_a_table_names_nothing_twice_and_shows_only_what_it_has():
    column, label = Column("power_watts", "Power."), Label("user", "Who.")

    with pytest.raises(ValueError, match="twice"):
        Table("t", "", (column, column), (label,), series=("user",))
    with pytest.raises(ValueError, match="does not have"):
        Table("t", "", (column,), (label,), series=("pid",))


TABLE = Table("t", "", (Column("power_watts", "Power."),), (Label("user", "Who."),), ("user",))


def test_a_snapshot_has_one_row_and_one_word_a_subject():
    one = np.zeros((1, 1))

    with pytest.raises(ValueError, match="values"):
        Snapshot(TABLE, 0.0, ("a", "b"), one, {"user": ("x", "y")})
    with pytest.raises(ValueError, match="twice"):
        Snapshot(TABLE, 0.0, ("a", "a"), np.zeros((2, 1)), {"user": ("x", "y")})
    with pytest.raises(ValueError, match="label"):
        Snapshot(TABLE, 0.0, ("a",), one, {"user": ()})


def test_what_a_row_lacks_is_unread_not_zero():
    snapshot = Snapshot.from_rows(TABLE, 0.0, {"a": ({}, {})})

    assert np.isnan(snapshot["power_watts"]).all()
    assert snapshot.labels["user"] == (None,)
    with pytest.raises(ValueError, match="read-only"):
        snapshot.values[0] = 1
