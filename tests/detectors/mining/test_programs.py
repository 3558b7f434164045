from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.detectors.mining import programs
from aisec_daemon.detectors.mining.rows import gather
from tests.detectors.mining.given import MINER, gpu, node, process, program, use


def spoken(words=None, about=None, hard=1.0, load=1.0, **uses):
    given = node(
        gpus=gpu(MINER),
        uses=use(**uses),
        processes=process(**{"indicators": "", **(about or {})}),
        programs=program(**(words or {})),
    )
    rows = gather(given[0].latest, given[1], given[2])
    work = np.full(len(rows), hard), np.full(len(rows), load)
    pieces, _, texts = programs.evidence(rows, given[3], given[2], *work)
    return {name for name, column in pieces.items() if column[0] == 1}, texts


@pytest.mark.parametrize(
    ("libraries", "piece"),
    [
        ("cuda", "bare_compute"),
        ("cuda nvml python", "bare_compute"),
        ("", "bare_compute"),
        ("cuda torch", "framework"),
        ("cuda cufft gromacs", "framework"),
        ("cuda nvenc", "framework"),
    ],
)
def test_libraries_tell_frameworks_from_bare_programs(libraries, piece):
    said, _ = spoken({"libraries": libraries})

    assert {"bare_compute", "framework"} & said == {piece}


def test_a_library_of_matrix_products_alone_is_less_than_nothing_and_more_than_a_framework():
    """Models use it through a framework, mining by matrix products without one."""
    said = spoken({"libraries": "cuda cublas"})[0]

    assert {"bare_compute", "bare_products", "framework"} & said == {"bare_products"}
    assert "bare_products" not in spoken({"libraries": "cuda cublas torch"})[0]


@pytest.mark.parametrize(
    ("words", "piece"),
    [
        ({"executable_place": "temporary"}, "place_temporary"),
        ({"executable_place": "hidden"}, "place_hidden"),
        ({"executable_place": "home"}, "place_home"),
        ({"executable_place": "memory"}, "memory_executable"),
        ({"executable_place": "deleted"}, "deleted_executable"),
        ({"executable_writable": "others"}, "writable"),
        ({"disguise": "kernel_thread"}, "kernel_thread"),
        ({"disguise": "interpreter"}, "interpreter"),
        ({"disguise": "name"}, "name"),
        ({"preload": "/tmp/x.so"}, "preload"),
        ({"executable_age_seconds": 100.0}, "young_executable"),
        ({"read_bytes_per_second": 5e6}, "fed"),
    ],
)
def test_each_word_is_its_piece(words, piece):
    assert piece in spoken(words)[0]
    assert piece not in spoken()[0]


def test_what_was_not_read_is_no_evidence():
    """Neither for nor against: NaN."""
    given = node(gpus=gpu(MINER), uses=use(), programs=program(libraries=None))
    rows = gather(given[0].latest, given[1], None)
    pieces, _, _ = programs.evidence(rows, given[3], None, np.ones(1), np.ones(1))

    assert np.isnan(pieces["bare_compute"][0])
    assert np.isnan(pieces["framework"][0])
    assert "host_quiet" not in pieces


def test_a_quiet_host_speaks_only_of_hard_work():
    assert "host_quiet" in spoken()[0]
    assert "host_quiet" not in spoken(hard=0.0)[0]
    assert "host_quiet" not in spoken(about={"cpu_seconds_per_second": 1.0})[0]


@pytest.mark.parametrize(("load", "cores"), [(1.0, 0.29), (0.6, 0.17)])
def test_a_framework_that_sleeps_while_its_gpu_works_speaks(load, cores):
    """Its own thread starts every kernel: recorded, a core and more for each second of work."""
    mapped, about = {"libraries": "cublas cuda python torch"}, {"cpu_seconds_per_second": cores}

    assert {"framework", "idle_framework"} <= spoken(mapped, about, load=load)[0]


@pytest.mark.parametrize(
    ("words", "cores", "load"),
    [
        ({}, 0.05, 1.0),  # no framework
        ({"libraries": "cuda tensorrt"}, 0.05, 1.0),  # may wait for long kernels
        ({"libraries": "cuda torch"}, 0.96, 0.75),  # recorded: a transformer
        ({"libraries": "cuda torch"}, 0.04, 0.04),  # recorded: starved of data
        ({"libraries": "cuda torch"}, 0.01, 0.4),  # hardly more than what it does anyway
        ({"libraries": "cuda torch"}, 0.05, np.nan),
        ({"libraries": "cuda torch", "read_bytes_per_second": 1e5}, 0.05, 1.0),
    ],
)
def test_no_other_work_is_a_framework_that_sleeps(words, cores, load):
    about = {"cpu_seconds_per_second": cores}

    assert "idle_framework" not in spoken(words, about, load=load)[0]


def test_lists_speak_and_are_quoted():
    said, texts = spoken(about={"indicators": "name/xmrig"})

    assert "listed" in said
    assert texts["indicator"] == ("name/xmrig",)
