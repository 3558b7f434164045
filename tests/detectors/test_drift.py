"""Drift: a workload unlike its past is told, everything that a workload may do is not."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.detectors.drift import Drift, budget, ledger, newcomers
from aisec_daemon.detectors.drift.pool import Pool
from aisec_daemon.model import State
from aisec_daemon.numerics import calibration, profile
from tests.detectors.drift_node import BEGIN, Node, calibrated, copy_of, gpu_view, process_view


@pytest.fixture(scope="module")
def learned():
    """The state after an hour of one workload."""
    node = Node()
    assert node.live(3600) == []
    return calibrated(node)


def test_the_same_workload_unlike_all_its_past_is_told_in_plain_words(learned):
    told = copy_of(learned).live(60, power=600)

    assert told[0][0] <= 2
    assert told[0][1].startswith("workload/")
    assert (
        "power watts of /opt/train of user ada on H100 has values that it never had" in (told[0][2])
    )
    for part in ("now 60", "before, it was", "median 30", "since 2026-09-21", "100 false alarms"):
        assert part in told[0][2]


def test_facts_tell_before_and_after(learned):
    node = copy_of(learned)
    node.live(120, power=600)
    row = int(np.nanargmax(node.verdict.score))
    facts = {name: column[row] for name, column in node.verdict.facts.items()}

    assert facts["user"] == "ada"
    assert facts["median_before"] == pytest.approx(300, abs=3)
    assert facts["median_lately"] == pytest.approx(600, abs=6)
    assert facts["low_before"] < facts["median_before"] < facts["high_before"]


def test_a_job_that_ends_and_starts_again_is_no_drift(learned):
    node = copy_of(learned)

    assert node.live(600, power=70, program="") == []
    assert node.live(900, pid="2", gpu="GPU-b") == []


def test_a_start_unlike_the_rest_is_no_drift(learned):
    node = copy_of(learned)
    node.live(60, power=70, program="")

    assert node.live(100, power=500, pid="2") == []


def test_another_program_is_learned_first(learned):
    assert copy_of(learned).live(500, power=600, program="/opt/other") == []


def test_another_script_of_the_same_interpreter_is_learned_first():
    node = Node()
    assert node.live(1500, script="/srv/train.py") == []
    calibrated(node)
    other = copy_of(node)

    assert other.live(10, power=600, script=None) == []  # not read yet, just after its start
    assert other.live(500, power=600, script="/srv/infer.py") == []
    told = copy_of(node).live(10, power=600, script="/srv/train.py")
    assert "of /srv/train.py of user ada on H100" in told[0][2]


def test_what_was_called_anomalous_is_not_learned(learned):
    node = copy_of(learned)
    told = node.live(900, power=600)

    assert told[-1][0] == 899
    assert not [line for line in node.live(900, power=300) if line[0] > 400]


def test_what_goes_on_for_long_is_learned_after_all(learned):
    node = copy_of(learned)
    node.detector = Drift(false_alarms_per_gpu_week=100.0, learn=600, accept=300)
    assert node.live(200, power=600)
    node.live(600, power=600)

    assert node.live(60, power=600) == []


def test_an_idle_gpu_has_a_past_of_its_own():
    node = Node()
    assert node.live(2000, power=70, program="") == []

    told = calibrated(node).live(60, power=250, program="")

    assert told[0][1] == "gpu/GPU-a"
    assert "idle power watts of GPU GPU-a" in told[0][2]


def test_a_new_name_every_minute_is_no_escape():
    node = Node()
    told = [line for turn in range(60) for line in node.live(20, program=f"/tmp/{turn}")]

    opened = dict(zip(node.state.keys, node.state.values[:, 0], strict=True))["totals"]
    assert opened == 1
    assert told[-1][1] == "user/ada"
    assert "workloads that were never seen came from user ada" in told[-1][2]


def test_a_missing_value_is_neither_judged_nor_learned(learned):
    node = copy_of(learned)
    before = node.state
    node.live(5, power=np.nan)
    row = next(k for k, key in enumerate(before.keys) if key.endswith("/power_watts"))

    np.testing.assert_array_equal(
        node.state.values[row, : profile.WIDTH], before.values[row, : profile.WIDTH]
    )
    at = node.verdict.subjects.index(before.keys[row])
    assert np.isnan(node.verdict.score[at])


def test_what_was_read_too_long_ago_is_not_judged(learned):
    node = copy_of(learned)

    assert node.live(30, power=900, lag=6.0) == []
    assert np.isnan(node.verdict.score[:-1]).all()


def test_what_is_there_at_the_beginning_is_not_new():
    node = Node()
    programs = {f"GPU-a/{at}": ("GPU-a", f"/opt/{at}", "ci", 1e9, "", "") for at in range(50)}
    for _ in range(5):
        node.time += 1
        views = (process_view(node.time, programs), gpu_view(node.time, {"GPU-a": 300.0}))
        node.state, verdict = node.detector(node.state, *views)

    assert not (verdict.score >= 1).any()
    assert verdict.subjects[-1] == "user/ci"


def test_a_workload_with_more_processes_and_gpus_is_the_same():
    node = Node()
    node.live(900)
    two = {f"GPU-{at}/{at}": (f"GPU-{at}", "/opt/train", "ada", 2e9, "", "") for at in "ab"}
    told = []
    for _ in range(300):
        node.time += 1
        powers = {f"GPU-{at}": 300 + node.noise.normal() for at in "ab"}
        views = (process_view(node.time, two), gpu_view(node.time, powers))
        node.state, verdict = node.detector(node.state, *views)
        told += [key for key, score in zip(verdict.keys, verdict.score, strict=True) if score >= 1]

    assert told == []


def test_hostile_names_stay_on_their_line(learned):
    node = Node()
    name = "/tmp/\n\x1b[31mx" + "y" * 500
    node.live(2000, program=name)
    told = calibrated(node).live(10, power=900, program=name)

    assert told
    assert "\n" not in told[0][2]
    assert "\x1b" not in told[0][2]
    assert len(told[0][2]) < 600


def test_thresholds_are_provisional_until_a_day_was_watched():
    """However many series were there at a time: those of one time say what one of them says."""
    book = ledger.Ledger(State.empty(Drift.memory), 100)
    share = budget.share(1.0, 8, 100)
    noise = np.random.default_rng(0).exponential(size=(287 + 400, 3)).astype(np.float32)
    for span in range(287):
        budget.note(book, "power_watts", noise[span : span + 1], 300.0 * span)
    budget.note(book, "power_watts", noise[287:], 300.0 * 286 + 299)
    before = budget.thresholds(book, ["power_watts"], share)["power_watts"]
    shipped = not budget.calibrated(book, "power_watts")
    budget.note(book, "power_watts", noise[:0], 300.0 * 287)
    after = budget.thresholds(book, ["power_watts"], share)["power_watts"]

    assert shipped
    assert before == [budget.provisional(name, share) for name in profile.SCORES]
    assert after == pytest.approx(
        [calibration.threshold(np.sort(x)[-200:].astype(float), share, 687) for x in noise.T]
    )
    assert Pool(book.plain("blocks/power_watts")).blocks == 687


def test_a_smaller_budget_asks_for_more():
    few, many = (budget.share(rate, 8, 100) for rate in (0.1, 10.0))

    for name in profile.SCORES:
        assert budget.provisional(name, few) > budget.provisional(name, many) > 0


def test_only_the_largest_maxima_are_kept():
    book = ledger.Ledger(State.empty(Drift.memory), 100)
    for turn in range(5):
        budget.note(book, "x", np.arange(turn * 100, turn * 100 + 100.0)[:, None].repeat(3, 1), 0)

    pool = Pool(book.plain("blocks/x"))
    assert [pool.counted(score) for score in range(3)] == [500, 500, 500]
    assert pool.largest(0).tolist() == list(range(499, 299, -1))


def test_the_longest_unseen_series_goes_when_there_is_no_room():
    book = ledger.Ledger(State.empty(Drift.memory), 3)
    for at, key in enumerate("abcd"):
        book.rows([f"gpu/{key}"], BEGIN + at)

    assert book.state().keys == ("gpu/b", "gpu/c", "gpu/d")


def test_times_are_exact_to_a_hundredth():
    book = ledger.Ledger(State.empty(Drift.memory), 3)
    rows = book.rows(["gpu/a"], BEGIN + 12345.67)

    assert book.time(rows, "since")[0] == pytest.approx(BEGIN + 12345.67, abs=0.01)


def test_arrivals_are_judged_by_the_users_own_rate():
    book = ledger.Ledger(State.empty(Drift.memory), 10)
    for hour in range(48):
        newcomers.arrived(book, "ci", 30, BEGIN + 3600 * hour)
    busy, count, usual = newcomers.judged(book, "ci", BEGIN + 3600 * 47, 1e-3)
    newcomers.arrived(book, "eve", 30, BEGIN)

    assert (count, round(usual)) == (30, 30)
    assert busy < 1
    assert newcomers.judged(book, "eve", BEGIN, 1e-3)[0] > 1


def test_the_tail_of_poissons_law_is_that_of_the_books():
    from scipy import stats  # noqa: PLC0415 # heavy, and only here

    for count, mean in ((1, 1.0), (5, 1.0), (30, 20.0), (100, 1.0)):
        expected = stats.poisson.logsf(count - 1, mean)
        assert newcomers.poisson_tail(count, mean) == pytest.approx(expected)


def test_metrics_tell_target_and_observed(learned):
    node = copy_of(learned)
    before = {name: value for name, _, value in node.detector.gauges(node.state)}
    node.live(30, power=600)
    after = {name: value for name, _, value in node.detector.gauges(node.state)}

    assert before["aisec_drift_target_false_alarms_per_gpu_week"] == 100
    assert before["aisec_drift_openings_per_gpu_week"] == 0
    assert before["aisec_drift_calibration_blocks"] > 10
    assert after["aisec_drift_openings_per_gpu_week"] > 0


def test_series_of_a_case_that_is_open_open_no_other(learned):
    node = copy_of(learned)
    node.live(60, power=600)
    node.live(60, power=600, memory=7e9)
    totals = dict(zip(node.state.keys, node.state.values[:, 0], strict=True))["totals"]

    assert {"power_watts", "memory_used_bytes"} <= {
        key.rsplit("/", 1)[1]
        for key, score in zip(node.verdict.subjects, node.verdict.score, strict=True)
        if score >= 1
    }
    assert totals == 1


def test_what_is_past_its_line_again_after_its_case_closed_opens_another(learned):
    node = copy_of(learned)
    node.live(3, power=600)
    node.live(900)
    node.live(3, power=900)
    totals = dict(zip(node.state.keys, node.state.values[:, 0], strict=True))["totals"]

    assert totals == 2


@pytest.mark.parametrize("wrong", [{"false_alarms_per_gpu_week": 0}, {"learn": 5}, {"accept": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Drift(**wrong)
