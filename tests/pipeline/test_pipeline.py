"""The step as a whole: order, faults, memory; tests/app/test_state.py has the restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

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


def test_a_tick_tells_what_rose_whenever_it_is_asked():
    pipe = pipeline()
    ticks = [pipe.step(snapshot(t, {"a": (1.0, 3.0 * t)})) for t in range(3)]

    assert [tick.increase[0, 1] for tick in ticks[1:]] == [3.0, 3.0]
    assert np.isnan(ticks[0].increase).all()


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


@dataclass(frozen=True)
class Strange:
    """Everything that is not among the approved rows is past the line."""

    rule: ClassVar = Rule("strange", "New here", Severity.INFO, "None.", quiet=0)
    memory: ClassVar = None
    peers: ClassVar = False
    reads: ClassVar = (Read("gpu"), Read("gpu", approved=True, needed=True))

    def __call__(self, state, gpu, approved):
        score = np.array([float(s not in approved.subjects) for s in gpu.subjects])
        return state, Verdict(gpu.subjects, score)


def test_what_is_needed_is_waited_for_and_what_is_approved_is_seen():
    pipe = pipeline(Strange())
    now = {"a": (0, 0), "b": (0, 0)}
    before = pipe.step(snapshot(1, now))
    pipe.approve({"gpu": snapshot(0, {"a": (0, 0)})})
    after = pipe.step(snapshot(2, now))
    other = pipeline(Strange())
    other.inherit(pipe)
    later = other.step(snapshot(3, now))

    assert before.changes == ()
    assert [c.finding.key for c in after.changes] == ["b"]
    assert [f.key for f in later.findings] == ["b"]
