"""Which processes are AI workloads, and which are not."""

from __future__ import annotations

import os
import shutil

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.workload import workloads as module
from tests.host.proc.tree import descriptors
from tests.host.workload.node import SITE, install, loaded

TORCH = loaded(f"{SITE}/torch/lib/libtorch_cpu.so", f"{SITE}/torch/lib/libc10.so")
NODE = ("/dev/nvidiactl", "/dev/nvidia0")


@pytest.mark.parametrize(
    ("library", "word"),
    [
        (f"{SITE}/torch/lib/libtorch_cuda.so", "torch"),
        ("/usr/lib/libtensorflow_cc.so.2", "tensorflow"),
        (f"{SITE}/tensorflow/python/_pywrap_tensorflow_internal.so", "tensorflow"),
        (f"{SITE}/jaxlib/xla_extension.so", "jax"),
        (f"{SITE}/ray/_raylet.so", "ray"),
        ("/opt/onnx/libonnxruntime.so.1.17.0", "onnxruntime"),
        ("/usr/lib/libnvinfer.so.10", "tensorrt"),
        ("/usr/local/cuda/lib64/libcudart.so.12", "cuda"),
        ("/usr/lib/libcudnn.so.9", "cudnn"),
        ("/usr/lib/libnccl.so.2", "nccl"),
        ("/app/libggml-cuda.so", "llama"),
        (f"{SITE}/triton/_C/libtriton.so", "triton"),
        (f"{SITE}/sklearn/_isotonic.cpython-311-x86_64-linux-gnu.so", ""),
    ],
)
def test_a_loaded_framework_makes_a_workload_whatever_the_process_is_called(node, library, word):
    node.add(7, loaded("/usr/lib/libc.so.6", library), name="kworker/0:1", argv=("[kworker/0:1]",))
    (found,) = node.again().values()

    assert not word or word in found.libraries
    assert not found.on_gpu


@pytest.mark.parametrize(
    "library",
    [
        *("/usr/lib/libmpi.so.40", "/usr/lib/jvm/lib/server/libjvm.so", "/usr/lib/libvulkan.so.1"),
        *("/usr/lib/libavcodec.so.59", "/usr/lib/libOpenCL.so.1", "/usr/lib/libnvidia-ml.so.1"),
        *("/usr/lib/libhdf5.so.103", f"{SITE}/numpy/core/_multiarray.cpython-311.so"),
        *(f"{SITE}/other/_C.cpython-311-x86_64-linux-gnu.so", "/usr/lib/libpython3.11.so.1.0"),
    ],
)
def test_what_others_load_too_makes_none(node, library):
    node.add(7, loaded("/usr/lib/libc.so.6", library))

    assert node.again() == {}


@pytest.mark.parametrize("rights", ["r--p", "r--s", "rw-p"])
def test_who_only_looks_at_a_library_runs_it_not(node, rights):
    """A file manager, an indexer, a backup."""
    node.add(7, loaded("/home/alice/Downloads/libtorch_cpu.so", rights=rights))

    assert node.again() == {}


def test_a_name_is_no_evidence(node):
    """Neither comm nor arguments nor the executable's name, without the files behind them."""
    node.add(7, name="torchrun", argv=("python", "-m", "torch.distributed.run"))
    node.add(8, name="jupyter-server", argv=("/opt/venv/bin/jupyter-server", "--port=8888"))
    node.add(9, name="ollama", exe="/tmp/ollama", argv=("ollama", "serve"))
    node.python(10, "/opt/venv/bin/jupyter-server")
    node.python(11, "-m", "vllm.entrypoints.openai.api_server")

    assert node.again() == {}


def test_who_is_on_a_gpu_is_one_even_if_nothing_else_tells(node):
    """By NVML, by a node of the driver; even a process that /proc does not list."""
    node.add(7)
    node.add(8, holds=NODE)
    node.add(9)
    node.gpus.pids = (7,)
    found = node.again()

    assert {pid: each.on_gpu for pid, each in found.items()} == {7: True, 8: True}


@pytest.mark.parametrize(
    "libraries",
    [("/usr/lib/libnvidia-ml.so.1",), ("/usr/lib/libnvidia-cfg.so.1",), ("/usr/lib/libdcgm.so.3",)],
)
def test_who_administers_gpus_does_not_use_them(node, libraries):
    """Monitors hold the driver's nodes; NVML lists who has a context on a GPU."""
    node.add(7, loaded(*libraries), holds=NODE)
    node.add(8, loaded(*libraries, "/usr/lib/libcuda.so.1"), holds=NODE)
    node.add(9, loaded(*libraries), holds=NODE)
    node.gpus.pids = (9,)

    assert sorted(node.again()) == [8, 9]


def test_without_nvml_what_is_mapped_still_tells(node):
    node.add(7, TORCH)
    node.gpus.pids = None
    (asset,) = node.assets()

    assert asset.gpus is None
    assert asset.group.executable == "/usr/bin/app"


def test_a_library_that_is_loaded_later_is_found(node):
    node.add(7)
    assert node.again() == {}
    node.maps(7, TORCH, 4096)

    assert sorted(node.again()) == [7]


def test_who_maps_no_more_is_not_read_again(node, monkeypatch):
    for pid in range(10, 20):
        node.add(pid)
    node.again()
    read = []
    monkeypatch.setattr(node.host.workloads._examiner, "examine", lambda *_, **__: read.append(1))
    node.again()

    assert read == []


def test_an_exec_makes_another_program_of_it(node):
    node.add(7, TORCH)
    assert sorted(node.again()) == [7]
    node.maps(7, "", 0)
    node.tree.stat(7, "sh", code=1, arguments=2)
    (node.tree.proc / "7/cmdline").write_text("sh\0")

    assert node.again() == {}


def test_a_pid_that_is_used_again_is_another_process(node):
    """Between the scan and the look."""
    node.add(7, TORCH)
    node.processes.scan()
    node.tree.stat(7, start=2000)
    node.host.workloads._scans = -1

    assert node.host.workloads.read() == []


def test_a_turn_reads_so_much_and_the_next_one_the_rest(node, monkeypatch):
    """Those on GPUs first."""
    maps = TORCH + loaded(*(f"/usr/lib/lib{at}.so" for at in range(100)))
    monkeypatch.setattr(module, "_TURN_BYTES", 3 * len(maps))
    for pid in range(10, 20):
        node.add(pid, maps, holds=NODE if pid == 19 else ())
    counts = [sorted(node.again()) for _ in range(8)]

    assert 19 in counts[0]
    assert [len(pids) for pids in counts] == sorted(len(pids) for pids in counts)
    assert len(counts[0]) < 5
    assert len(counts[-1]) == 10


def test_a_turn_takes_so_long_and_the_next_one_looks_at_the_rest(node, monkeypatch):
    """Files around a process may take any time to look at."""
    monkeypatch.setattr(module, "_TURN_SECONDS", -1.0)
    for pid in range(10, 14):
        node.add(pid, TORCH)
    counts = [len(node.again()) for _ in range(4)]

    assert counts == [1, 2, 3, 4]


def test_maps_that_are_too_long_are_told_and_take_nothing_away(node, monkeypatch):
    folder = node.add(7, TORCH)
    assert list(node.again()) == [7]
    monkeypatch.setattr("aisec_daemon.host.workload.examine.MAPS_BYTES", 10)
    (folder / "maps").write_text(loaded("/tmp/x"))
    node.host.workloads._looked[7].maps.turn = -1

    assert list(node.again()) == [7]
    rows = node.tally.rows()
    assert [call.code for call, _, _ in rows if call[:2] == ("workload", "maps")] == ["EFBIG"]


def test_maps_that_may_not_be_read_are_counted_and_if_all_are_an_error(node, monkeypatch):
    """Unread is never empty."""
    node.add(7)
    node.add(8, TORCH)
    real = os.open

    def refuse(path, *given, **more):
        if str(path).endswith("7/maps") or (denied and str(path).endswith("maps")):
            raise PermissionError(13, "Permission denied")
        return real(path, *given, **more)

    denied = False
    monkeypatch.setattr(os, "open", refuse)
    assert sorted(node.again()) == [8]
    assert ("workload", "maps", "EACCES") in [tuple(call) for call, _, _ in node.tally.rows()]
    denied = True
    node.host.workloads._looked.clear()
    with pytest.raises(UnreadableError, match="maps of all 2 processes"):
        node.again()


def test_an_answer_is_good_for_a_moment(node, monkeypatch):
    node.add(7, TORCH)
    node.again()
    monkeypatch.setattr(node.host.workloads, "_find", None)

    assert len(node.host.workloads.read()) == 1


def test_no_descriptor_is_left_open_and_the_gone_are_forgotten(node):
    for pid in range(10, 20):
        folder = node.python(pid, "/opt/venv/bin/jupyter-server", maps=TORCH)
        install(folder, "jupyter-server", "2.14.0", "jupyter-server")
    (node.tree.proc / "12/maps").unlink()
    (node.tree.proc / "13/cmdline").unlink()
    shutil.rmtree(node.tree.proc / "14/root")
    node.again()
    before = descriptors()
    for pid in range(20, 30):
        install(node.python(pid, "/opt/venv/bin/jupyter-server"), "torch", "2")
    node.again()
    assert descriptors() <= before + 10  # stats of the new processes, which the scan keeps
    for pid in range(10, 30):
        node.tree.remove(pid)
    node.add(7)
    node.again()

    assert list(node.host.workloads._looked) == [7]
