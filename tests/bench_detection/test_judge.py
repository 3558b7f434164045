"""Judging: of a detector so simple that one knows what it must find, and what it must miss."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aisec_daemon.model import Severity, Snapshot
from aisec_daemon.samplers.gpu import Gpu
from tests.bench_detection.judge import Told, concerns, play, results
from tests.bench_detection.score import Falsehood, Recall
from tests.bench_detection.toy import Toy
from tests.bench_detection.views import everything
from tests.traces.generators import Kind, Truth
from tests.traces.takes import Take

BEGIN, SECONDS, ONSET = 1000.0, 200, 20
GPUS = ("found", "missed", "false", "quiet", "worse")


def busy(gpu: str, second: int) -> float:
    """Return how busy a GPU is: one mines, one at half, one trains, one idles, one mines hotly."""
    if second < ONSET:
        return 0.0
    return {"found": 1.0, "missed": second % 2, "false": 1.0, "quiet": 0.0, "worse": 1.0}[gpu]


def snapshots():
    for second in range(SECONDS):
        watts = {"worse": 350.0 if second < 100 else 90.0}
        rows = {
            gpu: (
                {
                    "utilization_ratio": busy(gpu, second),
                    "power_watts": watts.get(gpu, 200.0),
                    "power_limit_watts": 400.0,
                },
                {},
            )
            for gpu in GPUS
        }
        yield Snapshot.from_rows(Gpu.table, BEGIN + second, rows)


def truth(gpu: str, kind: Kind, most: Severity | None = None) -> Truth:
    return Truth(kind, gpu, "card", (gpu,), BEGIN + ONSET, BEGIN + SECONDS, most=most)


TRUTHS = (
    truth("found", Kind.MINING),
    truth("missed", Kind.MINING),
    truth("false", Kind.HONEST),
    truth("quiet", Kind.HONEST),
    truth("worse", Kind.MINING),
)
TAKE = Take("by hand", "by hand", {"gpu": 1.0}, TRUTHS, snapshots)


@pytest.fixture(scope="module")
def judged():
    return results(TAKE, play(TAKE, [Toy()], everything), "everything")


def test_what_is_found_is_found_when_the_window_is_full_and_the_rule_has_held(judged):
    """Busy from second 20 on: full at 49 (30 looks), told 5 s later."""
    found, missed, *_ = judged[0]

    assert found.delay(["toy"]) == 34
    assert missed.delay(["toy"]) == math.inf


def test_severity_is_told_apart(judged):
    """A GPU below 80 % of its limit is a warning, one above it is high."""
    found, *_, worse = judged[0]

    assert found.delay(["toy"], Severity.HIGH) == math.inf
    assert found.alarms[0].worst is Severity.WARNING
    assert worse.delay(["toy"], Severity.HIGH) == 34
    assert worse.alarms[0].worst is Severity.HIGH


def test_recall_counts_what_was_missed(judged):
    """Two of three miners."""
    recall = Recall.of(judged[0], ["toy"])

    assert recall.scenes == 3
    assert recall.within() == pytest.approx(2 / 3)
    assert recall.within(33) == 0
    assert recall.quantile(0.5) == 34
    assert Recall.of(judged[0], ["another"]).within() == 0


def test_false_findings_are_those_of_honest_work(judged):
    """One of two, over twice 180 seconds."""
    false = Falsehood.of(judged[0], ["toy"])

    assert (false.scenes, false.told, false.past, false.unbidden) == (2, 1, 0, 1)
    assert false.weeks == pytest.approx(360 / 604800)
    assert false.a_week(0)[1] == pytest.approx(3.6889 / false.weeks, rel=1e-4)


def test_a_warning_where_one_is_allowed_is_counted_apart():
    """It is a false finding, and within what the truth allows."""
    allowed = Take(
        "", "", {"gpu": 1.0}, (truth("false", Kind.HONEST, Severity.WARNING),), snapshots
    )
    told = play(allowed, [Toy()], everything)
    false = Falsehood.of(results(allowed, told, "everything")[0], ["toy"])

    assert (false.told, false.unbidden) == (1, 0)


def test_what_is_worse_than_a_warning_is_counted_apart():
    hot = Take("", "", {"gpu": 1.0}, (truth("worse", Kind.HONEST, Severity.WARNING),), snapshots)
    false = Falsehood.of(results(hot, play(hot, [Toy()], everything), "everything")[0], ["toy"])

    assert (false.told, false.past, false.unbidden) == (1, 1, 0)


def told(time: float, *subjects: str) -> Told:
    return Told(BEGIN + time, "case", "toy", Severity.WARNING, subjects)


def test_a_finding_before_the_mining_began_is_early_and_no_detection():
    early = results(TAKE, [told(ONSET - 1, "found")], "everything")[0][0]

    assert (early.early, early.alarms) == (1, ())


def test_a_finding_about_nothing_is_a_stray():
    found, strays = results(TAKE, [told(50, "elsewhere")], "everything")

    assert len(strays) == 1
    assert not any(result.alarms for result in found)


def test_a_case_that_widens_over_a_scene_is_told_of_it_then():
    """A case opened over another scene and later over this one: its delay is the later."""
    found = results(TAKE, [told(30, "worse"), told(90, "found", "worse")], "everything")[0]

    assert found[0].delay(["toy"]) == 70
    assert found[4].delay(["toy"]) == 10


@pytest.mark.parametrize("subject", ["GPU-1", "GPU-1/7:70", "GPU-9/7:70", "7:70", "7:70/123"])
def test_subjects_of_all_tables_concern_their_scene(subject):
    """GPUs, their processes, processes, sockets."""
    it = Truth(Kind.MINING, "", "", ("GPU-1",), 0, 1, processes=("7:70",))

    assert concerns(subject, it)


@pytest.mark.parametrize("subject", ["GPU-11", "GPU-9/7:7", "7:7", "77:70/123", "1"])
def test_subjects_of_others_do_not(subject):
    it = Truth(Kind.MINING, "", "", ("GPU-1",), 0, 1, processes=("7:70",))

    assert not concerns(subject, it)


def test_recall_of_nothing_is_no_number():
    assert np.isnan(Recall.of([], ["toy"]).within())
    assert np.isnan(Recall.of([], ["toy"]).quantile(0.5))
