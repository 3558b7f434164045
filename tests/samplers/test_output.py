"""Table `output`."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aisec_daemon.host.outputs.reader import OutputReader
from aisec_daemon.samplers.output import Output


def test_a_model_is_a_row_with_its_values_as_text(tmp_path) -> None:
    """And one whose file is gone has no number, no values and a reason."""
    file = tmp_path / "a"
    file.write_text("")
    reader = OutputReader({"here": file, "gone": tmp_path / "b"})
    host = SimpleNamespace(outputs=reader)
    Output().read(host, 1.0)
    file.write_text("0.5\n0.75\n")
    snapshot = Output().read(host, 2.0)
    reader.close()

    assert snapshot.subjects == ("here", "gone")
    np.testing.assert_array_equal(snapshot["value_rows"], [2, np.nan])
    assert snapshot.labels["values"] == ("0.5 0.75", None)
    assert "cannot be followed" in snapshot.labels["error"][1]


def test_without_a_source_the_table_is_empty() -> None:
    """Nothing is configured, nothing is wrong."""
    assert Output().read(SimpleNamespace(outputs=None), 1.0).subjects == ()
