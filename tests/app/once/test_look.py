"""A look reads every table twice, judges, and writes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aisec_daemon.app.once.look import Look, look, seconds_until_told
from aisec_daemon.app.settings import load
from aisec_daemon.app.state import StateDir
from aisec_daemon.detectors.blind import Blind
from aisec_daemon.model import Finding, Rule, Severity, Status
from aisec_daemon.samplers.process import Process

QUICK = "[samplers.gpu]\nenabled = false\n[samplers.gpu_process]\nenabled = false\n"
RULE = Rule("x", "title", Severity.HIGH, "benign", hold=300.0)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "aisec.toml").write_text(QUICK)
    return load(tmp_path / "aisec.toml", state=tmp_path / "state")


def finding(**changes) -> Finding:
    made = Finding(
        "id", RULE, "key", Status.PENDING, Severity.HIGH, ("s",), 2.0, 2.0, 1000.0,
        float("nan"), float("nan"), "reason",
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("findings", "unreadable", "code"),
    [
        ((), {}, 0),
        ((), {"gpu": "why"}, 3),
        ((finding(),), {}, 1),
        ((finding(),), {"gpu": "why"}, 1),
        ((finding(allowed="repair"),), {}, 0),
        ((finding(allowed="repair"),), {"gpu": "why"}, 3),
    ],
)
def test_exit_codes(findings, unreadable, code):
    assert Look(0.0, unreadable=unreadable, findings=findings).exit_code == code


def test_a_pending_finding_says_when_it_would_be_told():
    assert seconds_until_told(finding(), 1010.0) == 290.0
    assert seconds_until_told(finding(), 9999.0) == 0.0
    assert seconds_until_told(finding(opened=1000.0), 1000.0) == 0.0


def test_rates_are_known_after_two_readings(settings):
    seen = look(settings, 0.05)
    rates = seen.rates["process"][:, seen.tables["process"].table.index("cpu_seconds")]

    assert np.isfinite(rates).any()
    assert set(seen.tables) >= {"process", "sensor", "upkeep"}
    assert "gpu" not in seen.unreadable  # switched off is not unread
    assert not settings.state.exists()


def test_hashes_are_those_of_the_daemon_whose_key_can_be_read(settings):
    StateDir(settings.state).key()
    one, two = (look(settings, 0.0).tables["process"] for _ in range(2))
    hashes = [dict(zip(t.subjects, t.labels["command_hash"], strict=True)) for t in (one, two)]
    both = [s for s in hashes[0] if hashes[0][s] and s in hashes[1]]

    assert both
    assert {s for s in both if hashes[0][s] == hashes[1][s]}


def test_a_faulty_sampler_or_rule_hides_nothing_else(settings, monkeypatch):
    def boom(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(Process, "read", boom)
    monkeypatch.setattr(Blind, "__call__", boom)
    seen = look(settings, 0.0)

    assert "boom" in seen.unreadable["process"]
    assert "boom" in seen.unreadable["detector/blind"]
    assert "sensor" in seen.tables
    assert seen.exit_code == 3
