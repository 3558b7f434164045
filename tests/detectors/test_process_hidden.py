"""What an operator is told of a hidden process, and of whom nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.process_hidden import ProcessHidden
from aisec_daemon.model import Severity, Snapshot, State, View
from aisec_daemon.model.allow import Allow
from aisec_daemon.pipeline.pipeline import Pipeline

NOTHING = State.empty(ProcessHidden.memory)
TABLE = catalogue.tables()["process_view"]


def suspect(known_by, missing_from="listing raw_listing", runs=2.0, seconds=10.0, **words):
    said = {"view": "suspect", "pid": "66", "known_by": known_by, "missing_from": missing_from}
    return {"lasting_runs": runs, "lasting_seconds": seconds}, {**said, **words}


def snapshot(rows, time=1000.0):
    return Snapshot.from_rows(TABLE, time, rows)


def judge(**row):
    view = View(1000.0, snapshot({"66:7": suspect(**row)}), np.empty(0), {})
    _, verdict = ProcessHidden()(NOTHING, view)
    return verdict


def test_a_pid_that_listings_leave_out_is_critical_and_told_with_all_it_was():
    verdict = judge(
        known_by="proc kernel nvml",
        executable="/tmp/x",
        user="mallory",
        container="c" * 64,
        gpus="GPU-a",
    )

    assert verdict.score[0] >= 1
    assert verdict.severities == (Severity.CRITICAL,)
    assert verdict.keys == (f"/tmp/x mallory {'c' * 64}",)
    assert verdict.reasons[0] == (
        "process 66 (/tmp/x, user mallory, container cccccccccccc) on GPU-a is known to a direct "
        "look at /proc, the kernel's answer for its pid, NVML but not to libc's listing of /proc, "
        "the kernel's listing of /proc"
    )


def test_one_reading_is_not_enough():
    assert judge(known_by="kernel cgroup", runs=1.0).score[0] < 1


@pytest.mark.parametrize(
    ("known_by", "missing", "pause", "told"),
    [
        ("kernel cgroup", "listing proc", 10.0, True),
        ("proc", "listing", 10.0, True),
        ("proc", "listing kernel", 10.0, False),  # it ended while it was looked at
        ("kernel", "listing", 90.0, False),
        ("cgroup", "listing kernel", 10.0, False),
    ],
)
def test_one_that_starts_anew_before_each_reading_is_told_at_the_third(
    known_by, missing, pause, told
):
    """By no pid is it seen twice; a list that is late names the dead, and they are different."""
    state, time, scores = NOTHING, 1000.0, []
    for pid in range(3):
        rows = {f"{pid}:{pid}": suspect(known_by, missing, runs=1.0, unit="evil.service")}
        view = View(time, snapshot(rows, time), np.empty(0), {})
        state, verdict = ProcessHidden()(state, view)
        scores.append(verdict.score[0])
        time += pause

    assert [bool(score >= 1) for score in scores] == [False, False, told]


@pytest.mark.parametrize(("seconds", "told"), [(10.0, False), (59.0, False), (60.0, True)])
def test_the_drivers_word_alone_counts_later_and_less(seconds, told):
    """Its list may be a quarter of a minute old, and outlive the process."""
    verdict = judge(known_by="nvml", seconds=seconds)

    assert bool(verdict.score[0] >= 1) is told
    assert verdict.severities == (Severity.HIGH,)


def test_a_mount_and_a_hook_are_named():
    mounted = judge(
        known_by="listing raw_listing kernel", missing_from="proc", cover="/proc/66 (x)"
    )
    hooked = judge(known_by="raw_listing proc kernel", missing_from="listing")

    assert "something is mounted over it: /proc/66 (x)" in mounted.reasons[0]
    assert hooked.reasons[0].endswith("a library in this daemon leaves it out")


def test_nobody_knows_who_it_is_so_it_is_the_case_of_its_gpu():
    """A restart every minute under another pid stays one case."""
    assert judge(known_by="kernel", gpus="GPU-a").keys == ("unseen GPU-a",)
    assert judge(known_by="kernel", unit="evil.service").keys == ("unseen evil.service",)


@pytest.mark.parametrize(
    ("calls", "severity", "said"),
    [
        ("", Severity.WARNING, "is preloaded"),
        ("readdir readdir64", Severity.HIGH, "answers readdir, readdir64 of this daemon"),
    ],
)
def test_a_library_before_libc_is_told(calls, severity, said):
    words = {"view": "library", "executable": "/x.so", "calls": calls}
    rows = {"library//x.so": ({"lasting_runs": 1.0}, words)}
    _, verdict = ProcessHidden()(NOTHING, View(0.0, snapshot(rows), np.empty(0), {}))

    assert verdict.score[0] >= 1
    assert verdict.severities == (severity,)
    assert f"library /x.so {said}" in verdict.reasons[0]


def test_a_view_itself_is_no_case():
    rows = {"view/nvml": ({"lasting_runs": 9.0}, {"view": "nvml", "lack": "no namespace"})}
    _, verdict = ProcessHidden()(NOTHING, View(0.0, snapshot(rows), np.empty(0), {}))

    assert verdict.subjects == ()


def test_a_case_opens_is_permitted_by_its_words_and_closes():
    def allow(expires):
        return Allow("process_hidden", "ours", "ops", expires, executable="/opt/agent*")

    pipeline = Pipeline(catalogue.tables(), [ProcessHidden()], {}, [allow(1500.0)])
    row = suspect("proc kernel", executable="/opt/agent/bin", user="root")
    (finding,) = pipeline.step(snapshot({"66:7": row}, 1000.0)).findings
    (restarted,) = pipeline.step(snapshot({"67:9": row}, 1010.0)).findings
    (expired,) = pipeline.step(snapshot({"67:9": row}, 1600.0)).findings
    pipeline.step(snapshot({}, 1610.0))

    assert finding.allowed == "ours"
    assert (restarted.id, restarted.subjects) == (finding.id, ("67:9",))
    assert expired.allowed == ""
    assert pipeline.step(snapshot({}, 1680.0)).findings == ()


def test_no_time_is_refused():
    with pytest.raises(ValueError, match="driver_after"):
        ProcessHidden(driver_after=0)
