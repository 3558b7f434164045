"""What an operator is told of miners, and of honest work that resembles them."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.detectors.mining import Mining
from aisec_daemon.detectors.mining.ledger import SHAPE
from aisec_daemon.model import Severity, State
from tests.detectors.mining.given import (
    GIB,
    HASHING,
    MINER,
    NOW,
    PROCESS,
    SECONDS,
    TRAINING,
    connection,
    gpu,
    judge,
    node,
    process,
    program,
    use,
)

PIPES = MINER | HASHING


def only(verdict):
    """The verdict's one row past the line, as score, severity and reason."""
    (row,) = np.flatnonzero(verdict.score >= 1)
    return verdict.score[row], verdict.severities[row], verdict.reasons[row]


def quiet(verdict):
    return not (verdict.score >= 1).any()


def test_a_renamed_miner_on_a_gpu_with_pipes_is_told_with_its_reasons():
    """Nothing about it is listed: pipes, program and connection say what it is."""
    verdict = judge(
        gpus=gpu(PIPES),
        uses=use(name="train-llama", executable="/home/eve/.x/train", user="eve"),
        processes=process(indicators=""),
        programs=program(executable_place="hidden"),
        sockets=connection(),
    )

    score, severity, reason = only(verdict)
    assert score > 2
    assert severity is Severity.HIGH
    for word in ("train-llama", "100", "eve", "GPU-1", "Etchash", "integer work", "hidden folder"):
        assert word in reason
    assert "look alike" in reason


def test_a_renamed_miner_on_a_gpu_without_pipes_is_told_by_program_and_connection():
    verdict = judge(
        gpus=gpu(MINER),
        uses=use(executable="/opt/miner/python"),
        processes=process(indicators=""),
        programs=program(executable_place="other"),
        sockets=connection(),
    )

    _, _, reason = only(verdict)
    assert "pipes" not in reason
    assert "its connections" in reason


@pytest.mark.parametrize("duty", [0.5, 0.25])
def test_throttling_does_not_hide_the_pipes(duty):
    """A share of the busy time is the same at any duty."""
    throttled = {k: v * duty for k, v in HASHING.items()} | {"utilization_ratio": duty}

    assert not quiet(judge(gpus=gpu(MINER | throttled), uses=use(), programs=program()))


def test_a_duty_cycle_of_minutes_is_seen_in_the_longer_past():
    on = np.arange(SECONDS) % 8 < 2
    cycled = {k: np.where(on, v, 0.0) for k, v in HASHING.items()}
    cycled["utilization_ratio"] = on.astype(float)

    assert not quiet(judge(gpus=gpu(MINER | cycled), uses=use(), programs=program()))


def test_matrix_products_without_a_framework_are_no_training():
    pearl = HASHING | {"pipe_integer_ratio": 0.24, "pipe_tensor_ratio": 0.78}
    pearl |= {"pipe_tensor_imma_ratio": 0.78}

    _, _, reason = only(judge(gpus=gpu(MINER | pearl), uses=use(), programs=program()))
    assert "PearlHash" in reason


def test_a_memory_clock_locked_low_under_full_load_is_a_coin_without_a_table():
    low = MINER | {"memory_utilization_ratio": 0.01, "memory_used_bytes": 0.4 * GIB}
    clocks = {"memory_clock_hertz": 0.8e9, "memory_clock_max_hertz": 9.5e9}

    _, _, reason = only(judge(gpus=gpu(low, **clocks), uses=use(), programs=program()))
    assert "kHeavyHash" in reason


def test_a_miner_beside_an_honest_job_is_told_and_the_job_is_not():
    """Pipes of a shared GPU are a mixture: recorded, 15 times more integer than other work."""
    mixed = MINER | HASHING | {"pipe_integer_ratio": 0.68, "sm_active_ratio": 0.82}
    mixed |= {"pipe_tensor_hmma_ratio": 0.036, "pipe_tensor_ratio": 0.036}
    mixed |= {"pipe_fp32_ratio": 0.009, "memory_used_bytes": 45 * GIB}
    uses = use("1:1", name="python3", sm_utilization_ratio=0.5, memory_used_bytes=40 * GIB)
    uses |= use("2:2", user="eve", executable="/tmp/x", sm_utilization_ratio=0.5)
    uses["GPU-1/2:2"]["memory_used_bytes"] = 4.9 * GIB
    verdict = judge(
        gpus=gpu(mixed),
        uses=uses,
        processes=process("1:1", cpu_seconds_per_second=1.0) | process("2:2"),
        programs=program("1:1", libraries="cuda cudnn torch")
        | program("2:2", executable_place="temporary"),
        sockets=connection("2:2"),
    )

    assert dict(zip(verdict.subjects, verdict.score >= 1, strict=True)) == {
        "GPU-1/1:1": False,
        "GPU-1/2:2": True,
    }


def test_a_gpu_that_works_for_nobody_is_told():
    """The process is hidden from the driver's list; the node lists others."""
    verdict = judge(gpus=gpu(MINER) | gpu(TRAINING, "GPU-2"), uses=use(uuid="GPU-2"))

    _, _, reason = only(verdict)
    assert "no process list shows" in reason


def test_a_pid_that_proc_does_not_show_speaks_only_where_it_shows_others():
    hidden = use("7:?", executable="", name="")

    assert quiet(judge(gpus=gpu(MINER), uses=hidden))
    told = judge(gpus=gpu(MINER) | gpu(TRAINING, "GPU-2"), uses=hidden | use(uuid="GPU-2"))
    assert "/proc does not show" in only(told)[2]


def test_a_driver_that_never_lists_a_process_accuses_nobody():
    """In some containers it does not: that is no sign of a hidden process."""
    assert quiet(judge(gpus=gpu(MINER), uses={}))


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ({"disguise": "kernel_thread"}, Severity.CRITICAL),
        ({"executable_place": "memory"}, Severity.CRITICAL),
    ],
)
def test_decisive_concealment_is_critical_at_once(words, severity):
    assert only(judge(gpus=gpu(TRAINING), uses=use(), programs=program(**words)))[1] is severity


def test_a_deleted_program_that_hashes_is_told():
    assert not quiet(
        judge(gpus=gpu(MINER), uses=use(), programs=program(executable_place="deleted"))
    )


def test_a_listed_name_needs_no_gpu_and_no_time():
    verdict = judge(processes=process(indicators="name/xmrig argument/stratum-scheme"))

    _, severity, reason = only(verdict)
    assert severity is Severity.WARNING
    assert "name/xmrig" in reason


def test_one_miner_on_eight_gpus_is_one_case_whatever_its_pid():
    gpus, uses = {}, {}
    for at in range(8):
        gpus |= gpu(PIPES, f"GPU-{at}")
        uses |= use(f"{at}:{at}", f"GPU-{at}", executable="/opt/m", user="eve")
    verdict = judge(gpus=gpus, uses=uses)

    assert (verdict.score >= 1).all()
    assert set(verdict.keys) == {"/opt/m|eve|"}


def test_mapping_a_framework_does_not_veto():
    """One line of code maps it; the pipes say that it computes nothing."""
    verdict = judge(
        gpus=gpu(PIPES),
        uses=use(),
        programs=program(libraries="cuda torch", executable_place="home"),
        sockets=connection(),
    )

    assert not quiet(verdict)


def test_energy_outside_any_job_betrays_what_is_throttled():
    """A quarter of the power around the clock, on a GPU that has no pipes."""
    low = MINER | {"utilization_ratio": 0.12, "power_watts": 75.0, "memory_used_bytes": 3 * GIB}
    detector = Mining()
    key = "/usr/bin/python3|alice|"
    rows = (f"energy/{key}", "node/lists processes")
    past = State(rows, np.array([[2e6, NOW - 86400, NOW - 1], [0, NOW - 86400, NOW - 1]]))
    assert past.values.shape[1] == len(SHAPE.fields)
    given = {
        "gpus": gpu(low),
        "uses": use(),
        "processes": process(),
        "programs": program(),
        "sockets": None,
    }

    assert quiet(judge(detector=detector, **given))
    assert "Wh in a day" in only(judge(past, detector, **given))[2]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (TRAINING, {"libraries": "cuda cudnn nccl torch"}),
        (  # token generation: memory-bound, flat, no traffic
            MINER | {"memory_utilization_ratio": 0.75, "memory_used_bytes": 70 * GIB},
            {"libraries": "cuda cublas torch triton"},
        ),
        (  # molecular dynamics: even load, small memory
            MINER | {"memory_utilization_ratio": 0.1, "memory_used_bytes": 0.6 * GIB},
            {"libraries": "cuda cufft gromacs mpi"},
        ),
        (  # a stencil of one's own, recorded
            MINER | HASHING | {"pipe_integer_ratio": 0.61, "pipe_fp32_ratio": 0.061},
            {"libraries": "cuda", "executable_place": "home"},
        ),
        (MINER | {"decoder_utilization_ratio": 0.6}, {"libraries": "cuda nvenc ffmpeg"}),
        (MINER | {"utilization_ratio": 0.0, "power_watts": 60.0}, {"libraries": "cuda torch"}),
    ],
)
def test_honest_work_is_let_be(behaviour, words):
    verdict = judge(
        gpus=gpu(behaviour), uses=use(), processes=process(), programs=program(**words), sockets={}
    )

    assert quiet(verdict)


def test_power_and_load_alone_never_cross_the_line():
    """Old logs have no more: what is as even as a miner is told with the curve, not as a case."""
    little = {k: v for k, v in MINER.items() if k in ("utilization_ratio", "power_watts")}

    assert np.isnan(judge(gpus=gpu(little)).score).all()  # not judged, which acquits nobody
    assert quiet(judge(gpus=gpu(little), uses={}))


SMALL = {"memory_used_bytes": 1 * GIB}
REBUILT = {"executable_place": "deleted"}
FROM_TMP = {"executable_place": "temporary", "executable_age_seconds": 900.0}
CALLED = connection(state="listen", local_port="50051", peer_scope="none")
CALLED |= connection(inode=2, local_port="50051", peer_scope="private")


@pytest.mark.parametrize(
    ("behaviour", "words", "sockets", "does", "alike"),
    [
        (PIPES | SMALL, {}, {}, "may be cracking hashes or mining", "hash cracking"),
        (PIPES | SMALL, REBUILT, {}, "may be cracking hashes or mining", "hash cracking"),
        (MINER | SMALL, FROM_TMP, {}, "may be mining", "hash cracking"),
        (MINER, FROM_TMP, {}, "may be mining (Etchash (ETC))", "stencils"),
        (PIPES, REBUILT, CALLED, "may be cracking hashes or mining", "zero-knowledge proving"),
        (
            MINER | {"utilization_ratio": np.where(np.arange(SECONDS) % 15 < 8, 0.95, 0.0)},
            {"libraries": "cublas cuda python torch"},
            connection(first_seen_timestamp_seconds=NOW - 900),
            "is likely mining (Etchash (ETC))",
            "federated",
        ),
    ],
    ids=[
        "cracking",
        "cracking rebuilt",
        "cracking without pipes",
        "stencil",
        "proving",
        "federated",
    ],
)
def test_what_looks_like_mining_is_at_most_a_warning_that_names_it(
    behaviour, words, sockets, does, alike
):
    """Rebuilt or started from anywhere: two families, of which honest signs explain one."""
    verdict = judge(
        gpus=gpu(behaviour),
        uses=use(),
        processes=process(indicators="", cpu_seconds_per_second=0.9),
        programs=program(**words),
        sockets=sockets,
    )

    _, severity, reason = only(verdict)
    assert severity is Severity.WARNING
    assert does in reason
    assert alike in reason.partition("Judged from")[2]


@pytest.mark.parametrize(("cores", "told"), [(0.05, True), (0.9, False)])
def test_a_framework_mapped_for_show_is_told_without_pipes_by_a_host_that_sleeps(cores, told):
    """What it takes off is given back; with a thread that spins it is not told."""
    verdict = judge(
        gpus=gpu(MINER | {"memory_utilization_ratio": 0.6} | SMALL),
        uses=use(),
        processes=process(indicators="", cpu_seconds_per_second=cores),
        programs=program(libraries="cublas cuda cudnn nccl python torch"),
        sockets=connection(),
    )

    assert quiet(verdict) is not told
    if told:
        assert "maps a framework for training, but sleeps (0.05 cores)" in only(verdict)[2]


def test_before_it_is_settled_nobody_is_acquitted():
    """A restart of the daemon closes no case: there, but not judged."""
    few = {k: np.where(np.arange(SECONDS) > SECONDS - 5, v, np.nan) for k, v in MINER.items()}

    assert np.isnan(judge(gpus=gpu(few), uses=use()).score).all()


def test_words_for_exceptions_come_with_the_verdict():
    verdict = judge(gpus=gpu(PIPES), uses=use(container="abc", user="eve"))

    assert verdict.words[0]["container"] == "abc"
    assert verdict.words[0]["user"] == "eve"
    assert PROCESS in verdict.words[0]["process"]


@pytest.mark.parametrize("bad", [{"window_seconds": 1.0}, {"settle_readings": 1}])
def test_settings_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Mining(**bad)


def test_inputs_stay_as_they_are():
    given = node(gpus=gpu(PIPES), uses=use(), processes=process(), programs=program(), sockets={})
    before = {name: series.copy() for name, series in given[0].past.items()}
    detector = Mining()
    detector(State.empty(detector.memory), *given)

    for name, series in given[0].past.items():
        np.testing.assert_array_equal(series, before[name])
