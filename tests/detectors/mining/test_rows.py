from __future__ import annotations

from aisec_daemon.detectors.mining.rows import NOBODY, case_of, gather, numbered
from tests.detectors.mining.given import MINER, gpu, node, process, use


def rows(**tables):
    gpus, uses, processes, *_ = node(**tables)
    return gather(gpus.latest if gpus else None, uses, processes)


def test_processes_on_gpus_gpus_without_any_and_listed_processes_are_judged():
    found = rows(
        gpus=gpu(MINER) | gpu(MINER, "GPU-2"),
        uses=use(),
        processes=process() | process("9:9", indicators="name/xmrig"),
    )

    assert found.subjects == ("GPU-1/100:7", "GPU-2", "9:9")
    assert found.processes == ("100:7", "", "9:9")
    assert found.gpu.tolist() == [0, 1, -1]
    assert found.use.tolist() == [0, -1, -1]
    assert found.keys[1] == NOBODY


def test_a_listed_process_on_a_gpu_is_judged_once():
    found = rows(gpus=gpu(MINER), uses=use(), processes=process(indicators="name/xmrig"))

    assert found.subjects == ("GPU-1/100:7",)


def test_exceptions_can_name_the_executables_hash():
    found = rows(gpus=gpu(MINER), uses=use(executable_hash="5ha256"))

    assert found.words[0]["executable_hash"] == "5ha256"


def test_a_gpu_that_is_cut_into_instances_is_not_judged_whole():
    instance = gpu(MINER, "MIG-1", kind="mig", parent="GPU-1")

    assert rows(gpus=gpu(MINER) | instance, uses={}).subjects == ("MIG-1",)


def test_without_gpus_only_lists_are_left():
    assert rows(processes=process(indicators="name/xmrig")).subjects == ("100:7",)
    assert rows().subjects == ()


def test_a_case_is_a_program_a_user_and_a_container():
    """Not a pid: a restart, or another GPU, is the same case."""
    words = {"executable": "/opt/m", "user": "eve", "container": "c", "process": "1:1"}

    assert case_of(words) == case_of(words | {"process": "2:2", "uuid": "GPU-2"})
    assert case_of(words) != case_of(words | {"user": "alice"})
    assert case_of({}) == "unknown program||"


def test_equal_keys_have_equal_numbers():
    assert numbered(["a", "b", "a"]).tolist() == [0, 1, 0]


def test_rows_know_who_has_a_job():
    found = rows(gpus=gpu(MINER), uses=use(slurm_job="7") | use("2:2", name="x"))

    assert found.in_job.tolist() == [True, False]
