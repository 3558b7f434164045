"""Who is told of an AI service that others can reach."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.exposure import Exposure
from aisec_daemon.model import Severity, Snapshot, State, View
from aisec_daemon.model.allow import Allow
from aisec_daemon.pipeline.pipeline import Pipeline

TABLE = catalogue.tables()["listener"]
NOTHING = State((), np.empty((0, 0)))
WORDS = {
    "process": "66:7",
    "asset": "run-1",
    "identity": "a1",
    "address": "0.0.0.0",
    "port": "8888",
    "scope": "public",
    "service": "jupyter",
    "version": "2.21.1",
    "authentication": "open",
    "on_gpu": "yes",
    "namespace": "own",
    "control": "code",
    "user": "alice",
    "container": "",
    "pod": "",
    "unit": "jupyter.service",
    "executable": "/usr/bin/python3",
    "command_hash": "ab",
    "executable_hash": "cd",
}


def snapshot(*rows, time=1000.0):
    return Snapshot.from_rows(
        TABLE, time, {f"66:7/{at}": ({}, {**WORDS, **row}) for at, row in enumerate(rows)}
    )


def judge(detector=None, **row):
    view = View(1000.0, snapshot(row), np.empty(0), {})
    _, verdict = (detector or Exposure())(NOTHING, view)
    return verdict


def severity(detector=None, **row):
    """Return what is told: a severity's word, "" for nothing, None if it cannot be judged."""
    verdict = judge(detector, **row)
    if np.isnan(verdict.score[0]):
        return None
    return verdict.severities[0].word if verdict.score[0] >= 1 else ""


def test_an_open_jupyter_on_a_gpu_is_critical_and_says_all_that_is_needed_at_night():
    verdict = judge(container="c" * 64)

    assert verdict.severities == (Severity.CRITICAL,)
    assert verdict.keys == ("a1",)
    assert verdict.reasons[0] == (
        "jupyter 2.21.1 (/usr/bin/python3, user alice, container cccccccccccc) listens on port "
        "8888 of 0.0.0.0 (public), works on a GPU and lets anybody in; whoever reaches it runs "
        "code here"
    )


@pytest.mark.parametrize(
    ("scope", "authentication", "on_gpu", "control", "told"),
    [
        ("public", "open", "yes", "", "critical"),
        ("private", "open", "yes", "", "critical"),
        ("public", "open", "no", "", "high"),
        ("private", "open", "no", "code", "high"),
        ("private", "open", "no", "data", "warning"),
        ("public", "unknown", "yes", "code", "warning"),
        ("public", "not_probed", "no", "", "warning"),
        ("private", "unknown", "yes", "code", "info"),
        ("private", "not_probed", "no", "", "info"),
        ("public", "protected", "yes", "code", ""),
        ("private", "protected", "yes", "code", ""),
        ("loopback", "open", "yes", "code", ""),
        ("loopback", None, "yes", "code", ""),
        ("container_only", "open", "yes", "code", ""),
        ("container_only", "not_probed", None, "code", ""),
        (None, "protected", "yes", "code", ""),
        (None, "open", "yes", "code", None),
        (None, "not_probed", "yes", "code", None),
        ("public", None, "yes", "code", None),  # it is to be asked still
        ("public", "open", None, "code", None),
    ],
)
def test_what_is_told_of_whom(scope, authentication, on_gpu, control, told):
    row = {"scope": scope, "authentication": authentication, "on_gpu": on_gpu, "control": control}

    assert severity(**row) == told


@pytest.mark.parametrize(
    ("scope", "told"), [("private", ""), ("public", "warning"), ("container_only", "")]
)
def test_a_trainings_own_ports_are_no_news_in_a_private_network(scope, told):
    """Every training listens: NCCL, Gloo, a rendezvous. One finding a job would be a flood."""
    row = {"service": "", "control": "", "authentication": "not_probed", "scope": scope}

    assert severity(**row) == told


def test_a_site_may_be_told_of_nameless_ports_and_not_of_others():
    nameless = {"service": "", "authentication": "unknown", "scope": "private"}

    assert severity(Exposure(nameless_private="info"), **nameless) == "info"
    assert severity(Exposure(unmeasured_public="none"), authentication="unknown") == ""
    private = {"scope": "private", "on_gpu": "no", "control": ""}
    unknown = {**private, "authentication": "unknown"}
    assert severity(Exposure(unmeasured_private="high"), **unknown) == "high"
    assert severity(Exposure(open_private="none"), **private) == ""


@pytest.mark.parametrize(
    ("authentication", "said"),
    [
        ("unknown", "; its answers do not tell whether it lets anybody in"),
        ("not_probed", "; it was not asked whether it lets anybody in"),
    ],
)
def test_what_was_not_measured_is_said(authentication, said):
    verdict = judge(authentication=authentication, service="", version=None, executable=None)

    assert verdict.reasons[0].startswith("a program (user alice) listens on port 8888 of 0.0.0.0")
    assert verdict.reasons[0].endswith(said)


def test_all_ports_of_a_workload_are_one_case_told_by_the_worst():
    rows = [
        {"port": "9000", "authentication": "not_probed", "service": ""},
        {"port": "8888"},
        {"port": "8889", "authentication": "protected"},
        {"port": "7000", "identity": "a2", "scope": "private", "authentication": "unknown"},
    ]
    pipeline = Pipeline(catalogue.tables(), [Exposure()], {})
    pipeline.step(snapshot(*rows, time=1000.0))
    found = pipeline.step(snapshot(*rows, time=1040.0)).findings

    assert {finding.key: finding.severity.word for finding in found} == {
        "a1": "critical",
        "a2": "info",
    }
    (worst,) = [finding for finding in found if finding.key == "a1"]
    assert "port 8888" in worst.reason
    assert worst.subjects == ("66:7/0", "66:7/1")
    assert worst.facts["port"] == "8888"


def test_a_port_that_opens_for_a_moment_is_not_told():
    pipeline = Pipeline(catalogue.tables(), [Exposure()], {})
    times = (1000.0, 1010.0, 1020.0)

    assert [pipeline.step(snapshot({}, time=time)).findings for time in times] == [()] * 3


def test_a_restart_is_the_same_case_and_going_blind_closes_nothing():
    pipeline = Pipeline(catalogue.tables(), [Exposure()], {})
    for time in (1000.0, 1040.0):
        pipeline.step(snapshot({}, time=time))
    (before,) = pipeline.step(snapshot({"process": "70:9", "asset": "run-2"}, time=1050.0)).findings
    for time in (1060.0, 1200.0):
        (blind,) = pipeline.step(snapshot({"scope": None}, time=time)).findings
    pipeline.step(snapshot({"authentication": "protected"}, time=1210.0))
    after = pipeline.step(snapshot({"authentication": "protected"}, time=1280.0)).findings

    assert blind.id == before.id
    assert after == ()


@pytest.mark.parametrize(
    "selector",
    [
        {"user": "alice"},
        {"unit": "jupyter.*"},
        {"executable": "/usr/bin/*"},
        {"executable_hash": "cd"},
        {"command_hash": "ab"},
    ],
)
def test_a_site_permits_it_by_the_words_of_its_row(selector):
    allow = Allow("exposure", "a demo", "ops", 2000.0, **selector)
    pipeline = Pipeline(catalogue.tables(), [Exposure()], {}, [allow])
    pipeline.step(snapshot({}, time=1000.0))
    (finding,) = pipeline.step(snapshot({}, time=1040.0)).findings

    assert finding.allowed == "a demo"


def test_a_severity_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="open_private must be one of: critical, high"):
        Exposure(open_private="grave")
