"""The step as a whole: order, faults, memory, and a restart in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from aisec_daemon.app.state import StateDir
from aisec_daemon.model import Read, Rule, Severity, State, StateShape, Verdict
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.pipeline.tables import TABLE, snapshot


@dataclass(frozen=True)
class Count:
    """Counts how often it saw a subject draw more than 100 watts; three times is the line."""

    rule: ClassVar = Rule("count", "Often hot", Severity.HIGH, "None.", quiet=5)
    memory: ClassVar = StateShape(1, ("times",))
    peers: ClassVar = False
    reads: ClassVar = (Read("gpu"),)

    def __call__(self, state, gpu):
        times = dict(zip(state.keys, state.values[:, 0], strict=True))
        for subject, power in zip(gpu.subjects, gpu.latest["power_watts"], strict=True):
            times[subject] = times.get(subject, 0.0) + (power > 100)
        score = np.array([times[s] / 3 for s in gpu.subjects])
        return (
            State(tuple(times), np.array([[n] for n in times.values()])),
            Verdict(gpu.subjects, score, reasons=tuple(f"{s} is often hot" for s in gpu.subjects)),
        )


def pipeline(*detectors, **more) -> Pipeline:
    return Pipeline({"gpu": TABLE}, detectors or (Count(),), {"gpu": 1.0}, **more)


def play(pipe: Pipeline, times) -> list[tuple[float, str, str]]:
    told = []
    for t in times:
        tick = pipe.step(snapshot(t, {"a": (200 if t % 2 else 0, 0), "b": (0, 0)}))
        told += [(c.time, c.what, c.finding.id) for c in tick.changes]
    return told


def test_a_finding_opens_when_its_detector_says_so():
    told = play(pipeline(), range(10))

    assert [(time, what) for time, what, _ in told] == [(5, "opened")]


def test_a_restart_in_the_middle_changes_nothing(tmp_path):
    uninterrupted = play(pipeline(), range(12))
    first, second, kept = pipeline(), pipeline(), StateDir(tmp_path)
    told = play(first, range(4))
    kept.save(first)
    assert kept.restore(second) == ""
    told += play(second, range(4, 12))

    assert told == uninterrupted
    assert [f.id for f in second.casebook.open] == [name for _, _, name in uninterrupted]


def test_an_open_case_lives_on_with_its_id_and_times(tmp_path):
    first, second, kept = pipeline(), pipeline(), StateDir(tmp_path)
    play(first, range(8))
    kept.save(first)
    kept.restore(second)
    (before,), (after,) = first.casebook.open, second.casebook.open

    assert (after.id, after.since, after.opened, after.rule) == (
        before.id,
        before.since,
        before.opened,
        before.rule,
    )


def test_memory_of_another_version_is_forgotten_and_said(tmp_path):
    first, kept = pipeline(), StateDir(tmp_path)
    play(first, range(4))
    kept.save(first)

    class Newer(Count):
        memory: ClassVar = StateShape(2, ("times",))

    second = pipeline(Newer())
    assert "count (version 1, now 2)" in kept.restore(second)
    assert second.states["count"].keys == ()


def test_memory_of_half_width_keeps_its_infinities_and_gaps(tmp_path):
    class Wide(Count):
        memory: ClassVar = StateShape(1, ("a", "b"), single=True)

    first, second, kept = pipeline(Wide()), pipeline(Wide()), StateDir(tmp_path)
    assert first.states["count"].values.dtype == np.float32
    values = np.array([[np.inf, np.nan], [-np.inf, 0.1]], np.float32)
    first.states["count"] = State(("x", "y"), values)
    kept.save(first)
    assert kept.restore(second) == ""

    assert second.states["count"].keys == ("x", "y")
    np.testing.assert_array_equal(second.states["count"].values, values)
    assert second.states["count"].values.dtype == np.float32


def test_damaged_state_is_set_aside_and_said(tmp_path):
    kept = StateDir(tmp_path)
    (tmp_path / "state.json").write_bytes(b'{"version": 1, "states"')

    assert "set aside" in kept.restore(pipeline())
    assert (tmp_path / "state.json.damaged").read_bytes() == b'{"version": 1, "states"'
    assert kept.restore(pipeline()) == ""


def test_the_key_of_hashes_is_kept_and_is_for_its_owner_only(tmp_path):
    kept = StateDir(tmp_path / "new")

    assert kept.key() == kept.key() != StateDir(tmp_path / "other").key()
    assert (tmp_path / "new" / "hash.key").stat().st_mode & 0o077 == 0


def test_a_detector_that_fails_closes_nothing():
    failing = []

    def guard(_, judge):
        return None if failing else judge()

    pipe = pipeline(guard=guard)
    play(pipe, range(8))
    failing.append(True)
    told = play(pipe, range(8, 100))

    assert told == []
    assert len(pipe.casebook.open) == 1


def test_other_settings_go_on_with_the_same_cases():
    first = pipeline()
    play(first, range(8))
    second = pipeline()
    second.inherit(first)

    assert second.casebook.open == first.casebook.open
    assert play(second, [8]) == []
    assert pipeline(Count()).casebook.open == ()


def test_cases_of_a_rule_that_was_switched_off_are_dropped():
    first = pipeline()
    play(first, range(8))
    without = Pipeline({"gpu": TABLE}, (), {"gpu": 1.0})
    without.inherit(first)

    assert without.casebook.open == ()
