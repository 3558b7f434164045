"""Small tables and ticks."""

import numpy as np
import pytest

from aisec_daemon.model import Column, Snapshot, Table


@pytest.fixture
def bare_snapshot() -> Snapshot:
    table = Table("bare", "Bare.", (Column("a_watts", "A."),), (), ())
    return Snapshot(table, 1.0, ("only",), np.ones((1, 1)), {})
