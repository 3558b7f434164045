"""What a detector is asked to judge in the contract suite: tables as a node has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors import Detector
from aisec_daemon.model import Kind, Read, Snapshot, State, Table, Verdict, View

NOW = 1_800_000_000.0


def snapshot(table: Table, rows: int, seed: int, time: float = NOW) -> Snapshot:
    """Make a plausible snapshot: `seed` chooses the numbers, every third row is partly unread."""
    numbers = np.random.default_rng(seed)
    values = numbers.uniform(0, 60, (rows, len(table.columns)))
    for at, column in enumerate(table.columns):
        if column.kind is Kind.TIMESTAMP:
            values[:, at] = time - values[:, at]
    values[::3] = np.where(numbers.random(values[::3].shape) < 0.3, np.nan, values[::3])
    subjects = tuple(f"{table.name}-{i}" for i in range(rows))
    labels = {
        label.name: tuple(
            None if numbers.random() < 0.1 else f"{label.name}-{numbers.integers(4)}"
            for _ in range(rows)
        )
        for label in table.labels
    }
    return Snapshot(table, time, subjects, values, labels)


def view(read: Read, now: Snapshot, seed: int) -> View:
    """Make a view with a past that ends in `now`, every array write-protected."""
    depth = max(int(read.window), 0)
    numbers = np.random.default_rng(seed + 1)
    past = {}
    for name in read.columns:
        past[name] = numbers.uniform(0, 60, (depth, len(now.subjects))).astype(np.float32)
        past[name][numbers.random(past[name].shape) < 0.1] = np.nan
        past[name].setflags(write=False)
    times = NOW - np.arange(depth, dtype=np.float64)[::-1]
    times.setflags(write=False)
    return View(now.time, now, times, past)


def views(detector: Detector, rows: int, seed: int) -> list[View]:
    """One view for each table that the detector reads."""
    tables = catalogue.tables()
    return [view(r, snapshot(tables[r.table], rows, seed), seed) for r in detector.reads]


def empty_state(detector: Detector) -> State:
    shape = detector.memory
    return State.empty(shape) if shape else State((), np.empty((0, 0)))


def remembered(detector: Detector) -> State:
    """Return state as one earlier round leaves it, write-protected."""
    state, _ = detector(empty_state(detector), *views(detector, 7, seed=5))
    state.values.setflags(write=False)
    return state


def permuted(given: View, order: np.ndarray) -> View:
    """Return the same view with its subjects in another order."""
    now = given.latest
    labels = {name: tuple(words[i] for i in order) for name, words in now.labels.items()}
    moved = replace(
        now,
        subjects=tuple(now.subjects[i] for i in order),
        values=now.values[order],
        labels=labels,
    )
    return View(given.time, moved, given.times, {k: v[:, order] for k, v in given.past.items()})


def by_subject(verdict: Verdict) -> dict[str, tuple[object, ...]]:
    """Return what a verdict says, whatever the order of its rows."""
    return {
        subject: (
            repr(float(verdict.score[i])),
            verdict.reasons[i] if verdict.reasons else "",
            verdict.keys[i] if verdict.keys else subject,
            *(repr(facts[i]) for facts in verdict.facts.values()),
        )
        for i, subject in enumerate(verdict.subjects)
    }
