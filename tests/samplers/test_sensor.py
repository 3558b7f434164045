"""Table `sensor`."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aisec_daemon.host.tally import Call, Tally
from aisec_daemon.samplers.sensor import Sensor


def test_each_kind_of_answer_is_a_row() -> None:
    """With how often it came and what it took."""
    tally = Tally()
    tally.add(Call("proc", "scan", "OK"), 2, 0.5)
    tally.add(Call("connector", "recv", "ENOBUFS"))

    snapshot = Sensor().read(SimpleNamespace(tally=tally), 5.0)

    assert snapshot.subjects == ("connector/recv/ENOBUFS", "proc/scan/OK")
    assert snapshot["calls"].tolist() == [1, 2]
    np.testing.assert_array_equal(snapshot["call_seconds"], [np.nan, 0.5])
    assert snapshot.labels["code"] == ("ENOBUFS", "OK")


def test_nothing_asked_is_no_row() -> None:
    """The table is empty, not broken."""
    assert Sensor().read(SimpleNamespace(tally=Tally()), 5.0).subjects == ()
