"""Evasions that only tables `program` and `socket` can show."""

from __future__ import annotations

from tests.traces.seen import seen


def test_disguises_are_seen_by_the_program_table():
    assert seen("etchash", "python-named").words("program", "disguise") == {"interpreter"}
    assert seen("etchash", "kernel-thread").words("program", "disguise") == {"kernel_thread"}
    assert seen("etchash", "replaced").words("program", "disguise") == {"replaced"}
    assert seen("etchash", "defunct").words("program", "disguise") == {"defunct"}
    assert "python" in next(iter(seen("etchash", "python-launched").words("program", "libraries")))
    assert "torch" in next(iter(seen("etchash", "libraries-mapped").words("program", "libraries")))


def test_tls_on_443():
    assert seen("etchash", "tls-443").words("socket", "peer_port") >= {"443"}
