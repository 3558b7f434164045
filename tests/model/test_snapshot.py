"""Snapshots: a table at one instant."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.model import Snapshot
from tests.pipeline.tables import TABLE


def test_later_is_the_same_rows_with_other_numbers():
    rows = {"a": ({"power_watts": 1.0}, {}), "b": ({}, {})}
    before = Snapshot.from_rows(TABLE, 1.0, rows)
    after = before.later(2.0, before.values + 1)

    assert (after.time, after.subjects) == (2.0, ("a", "b"))
    assert np.array_equal(after["power_watts"], [2.0, np.nan], equal_nan=True)
    assert after.labels is before.labels
    assert not after.values.flags.writeable
    with pytest.raises(ValueError, match="values are"):
        before.later(2.0, np.zeros((2, 9)))
