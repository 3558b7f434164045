"""A GPU that is gone is told, whatever was restarted in between."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.gpu_vanished import GpuVanished
from aisec_daemon.model import Snapshot, State, Verdict, View

EMPTY = State.empty(GpuVanished.memory)


def view(time: float, *uuids: str, kind: str = "gpu") -> View:
    rows = {uuid: ({}, {"kind": kind}) for uuid in uuids}
    return View(time, Snapshot.from_rows(catalogue.tables()["gpu"], time, rows), np.empty(0), {})


def told(verdict: Verdict) -> list[str]:
    return [s for s, score in zip(verdict.subjects, verdict.score, strict=True) if score >= 1]


def test_a_gpu_that_is_no_longer_listed_is_told_after_a_while():
    detector = GpuVanished(after=10)
    state, _ = detector(EMPTY, view(0, "GPU-a", "GPU-b"))
    state, early = detector(state, view(9, "GPU-a"))
    state, late = detector(state, view(10, "GPU-a"))

    assert told(early) == []
    assert told(late) == ["GPU-b"]
    assert "GPU-b was last seen 10 s ago" in late.reasons[1]


def test_it_remembers_across_a_restart_and_forgets_after_a_week():
    detector = GpuVanished()
    state, _ = detector(EMPTY, view(0, "GPU-a", "GPU-b"))
    later, verdict = detector(State(state.keys, state.values), view(86400.0, "GPU-a"))

    assert told(verdict) == ["GPU-b"]
    assert detector(later, view(86400.0 * 7, "GPU-a"))[0].keys == ("GPU-a",)


def test_a_gpu_that_comes_back_is_calm():
    detector = GpuVanished()
    state, _ = detector(EMPTY, view(0, "GPU-a"))
    state, _ = detector(state, view(60))
    _, verdict = detector(state, view(61, "GPU-a"))

    assert told(verdict) == []


def test_mig_instances_come_and_go_by_design():
    detector = GpuVanished()
    state, _ = detector(EMPTY, view(0, "MIG-a", kind="mig"))

    assert told(detector(state, view(60))[1]) == []


def test_a_gpu_that_told_its_name_late_is_not_missed_under_the_one_it_was_given():
    """Also one that an older version remembered."""
    detector = GpuVanished()
    state, _ = detector(EMPTY, view(0, "GPU-a", "unknown-1"))
    old = State(("unknown-2",), np.array([[0.0]]))

    assert told(detector(state, view(60, "GPU-a", "GPU-b"))[1]) == []
    assert told(detector(old, view(60, "GPU-a"))[1]) == []


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="forget"):
        GpuVanished(after=100, forget=50)
