"""The life of a case, on simulated nodes: one case however often it restarts, closed when gone."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.mining import Mining
from aisec_daemon.pipeline.pipeline import Pipeline
from tests.traces.generators import Scene, generate
from tests.traces.generators.node import PERIODS


def pipeline():
    return Pipeline(catalogue.tables(), [Mining()], PERIODS)


def played(card, scene, seconds, restart_at=None, seed=11):
    """All changes of one node; at a time the daemon may be restarted from what it saved."""
    snapshots, (truth,) = generate(np.random.default_rng(seed), card, [scene], seconds)
    running, changes = pipeline(), []
    for snapshot in snapshots:
        if restart_at is not None and snapshot.time > truth.begin + restart_at:
            fresh = pipeline()
            fresh.casebook.restore(running.casebook.cases)
            fresh.states.update(running.states)
            running, restart_at = fresh, None
        changes += running.step(snapshot).changes
    return truth, changes


@pytest.mark.parametrize("card", ["h200", "a100"])
def test_a_miner_that_restarts_every_minute_is_one_case(card):
    _, changes = played(card, Scene("kawpow", "restarting"), 600)

    assert [c.what for c in changes if c.what != "changed"] == ["opened"]


def test_a_miner_on_eight_gpus_is_one_case():
    truth, changes = played("h100", Scene("etchash", "configured", gpus=8), 200)

    assert [c.what for c in changes if c.what == "opened"] == ["opened"]
    assert len(changes[-1].finding.subjects) == len(truth.gpus) == 8


def test_a_restart_of_the_daemon_neither_closes_nor_repeats_a_case():
    _, changes = played("h200", Scene("etchash", "configured"), 400, restart_at=120)

    assert [c.what for c in changes if c.what != "changed"] == ["opened"]
    assert len({c.finding.id for c in changes}) == 1


def test_a_case_closes_two_minutes_after_the_miner_is_gone():
    snapshots, (truth,) = generate(
        np.random.default_rng(3), "h200", [Scene("kawpow", "configured")], 300
    )
    running, last = pipeline(), {}
    closed = None
    for snapshot in snapshots:
        last[snapshot.table.name] = snapshot
        running.step(snapshot)
    assert running.casebook.open
    idle = last["gpu"]
    values = idle.values.copy()
    values[:, idle.table.index("utilization_ratio")] = 0.0
    gone = {
        name: type(s)(s.table, s.time, (), s.values[:0].copy(), dict.fromkeys(s.labels, ()))
        for name, s in last.items()
    }
    for second in range(1, 200):
        now = truth.end + second
        for name in ("gpu", "gpu_process", "process"):
            base = idle if name == "gpu" else gone[name]
            rows = values if name == "gpu" else base.values
            tick = running.step(
                type(base)(base.table, now, base.subjects, rows.copy(), base.labels)
            )
            if any(c.what == "closed" for c in tick.changes):
                closed = closed or second

    assert 120 <= closed <= 150
