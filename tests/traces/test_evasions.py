"""Evasions: each does what its name says, and the truth says so."""

from __future__ import annotations

import numpy as np
import pytest

from tests.traces.generators import EVASIONS
from tests.traces.generators.plan import LISTED
from tests.traces.seen import seen


@pytest.mark.parametrize("evasion", EVASIONS)
def test_no_evasion_keeps_a_known_name(evasion):
    """Lists of names find none of them."""
    it = seen("etchash", evasion)

    assert it.truth.evasion == evasion
    assert not it.words("process", "name") & set(LISTED)


@pytest.mark.parametrize("seed", range(4))
def test_deleted(seed):
    it = seen("etchash", "deleted", seed=seed)

    assert it.words("process", "executable_state") <= {"deleted", "memfd"}


def test_a_shell_becomes_the_miner_under_its_pid():
    it = seen("etchash", "shell")
    (process,) = it.truth.processes

    assert it.words("process", "name") > {"bash"}
    first = next(s.time for s in it.table("process") if process in s.subjects)
    assert first < it.truth.begin - 15
    assert it.before("utilization_ratio").max() == 0


def test_power_limited():
    plain, it = seen("kawpow"), seen("kawpow", "power-limited")

    assert it.gpu("power_limit_watts").max() < 0.8 * plain.gpu("power_limit_watts").max()
    assert it.gpu("power_watts").mean() < 1.05 * it.gpu("power_limit_watts").max()


def test_throttled_is_half_of_the_load_in_every_second():
    it = seen("etchash", "throttled-50")

    assert it.gpu("utilization_ratio").min() > 0.4
    assert it.gpu("utilization_ratio").max() < 0.6
    assert it.gpu("power_stddev_watts").min() > 30


@pytest.mark.parametrize(("evasion", "duty"), [("duty-50", 0.5), ("duty-25", 0.25)])
def test_duty_is_a_share_of_the_time_with_the_table_kept(evasion, duty):
    it = seen("octopus", evasion, seconds=700)
    busy = it.gpu("utilization_ratio")

    assert busy.mean() == pytest.approx(duty, abs=0.08)
    assert busy.max() > 0.9
    assert np.ptp(it.gpu("memory_used_bytes")) == 0


def test_sleeping_while_somebody_is_logged_in():
    it = seen("etchash", "sleeping", seed=2, seconds=900)
    logged_in = {s.time // 1 for s in it.table("process") if "ines" in s.labels["login_user"]}
    times = it.times()[-len(it.gpu("utilization_ratio", after=10)) :] // 1
    busy = it.gpu("utilization_ratio", after=10)
    watched = np.array([t in logged_in for t in times])

    assert watched.any()
    assert np.median(busy[watched]) == 0
    assert busy.max() > 0.9


def test_hidden_has_load_and_memory_and_no_process():
    it = seen("etchash", "hidden")

    assert it.gpu("utilization_ratio").min() > 0.9
    assert it.gpu("memory_used_bytes").min() > 4e9
    assert not any(s.subjects for s in it.table("gpu_process"))
    assert it.truth.processes == ()


def test_hidden_from_proc_has_a_pid_and_no_word():
    it = seen("etchash", "hidden-from-proc")
    rows = [s for s in it.table("gpu_process") if s.subjects]

    assert all(s.labels["process"][0].endswith(":?") for s in rows)
    assert rows[0].labels["name"] == (None,)
    pid = rows[0].labels["pid"][0]
    assert not any(pid in s.labels["pid"] for s in it.table("process"))
    suspects = [s for s in it.table("process_view") if it.truth.processes[0] in s.subjects]
    assert suspects[-1].time > it.truth.end - 15


def test_training_container_is_in_a_container_or_job():
    it = seen("etchash", "training-container")
    words = it.words("process", "container") | it.words("process", "slurm_job")

    assert any(words)


def test_restarting_is_another_process_every_minute():
    it = seen("etchash", "restarting", seconds=600)

    assert 7 <= len(it.truth.processes) <= 13


def test_low_level_is_little_on_each_of_many():
    it = seen("etchash", "low-level", gpus=8)
    busy = [it.gpu("utilization_ratio", gpu).mean() for gpu in range(8)]

    assert max(busy) < 0.3
    assert min(busy) > 0.05


def test_beside_training_there_are_two_on_the_gpu():
    it = seen("etchash", "beside-training")
    last = it.table("gpu_process")[-1]

    assert len(last.subjects) == 2
    assert len(it.truth.processes) == 1
    assert it.gpu("pipe_tensor_hmma_ratio").min() > 0


@pytest.mark.parametrize("seed", range(4))
def test_blinding_leaves_gaps_or_errors(seed):
    it = seen("etchash", "blinding", seed=seed)
    gaps = np.diff(it.times()).max()
    errors = {word for s in it.table("gpu") for word in s.labels["error"]}

    assert (gaps > 15) != (errors > {""})


def test_configured_has_no_argument_and_renamed_may_have():
    commands = seen("etchash", "configured").words("process", "command")
    renamed = [seen("etchash", "renamed", seed=s).words("process", "command") for s in range(8)]

    assert not any("stratum" in c for c in commands)
    assert any("stratum" in c for words in renamed for c in words)
