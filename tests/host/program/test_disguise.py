"""Pretending to be another program, and honestly being called something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.program.disguise import Appearance, disguise

TORCH = (b"/usr/lib/x86_64-linux-gnu/libc.so.6", b"/v/site-packages/torch/lib/libtorch_cuda.so")


def judge(name, executable, arguments, mapped=(), *, holds=False, called=False):
    seen = Appearance(name, executable, tuple(arguments), mapped)
    return disguise(seen, lambda _: holds, lambda _: called)


@pytest.mark.parametrize(
    ("name", "executable", "arguments"),
    [
        ("[kworker/u8:1]", "/tmp/x", ["[kworker/u8:1]"]),
        ("x", "/tmp/x", ["[kworker/u8:1]"]),
        ("x", "/tmp/x", ["[nfsd]"]),
        ("kworker/0:1-eve", "/usr/bin/x", ["/usr/bin/x", "-c", "f"]),
        ("ksoftirqd/3", "/memfd:a", [""]),
        ("kswapd0", "/home/a/x", ["kswapd0"]),
        ("[kworker/u128:3", "/tmp/x", ["x"]),
        ("python3", "/usr/bin/python3.11", ["[kworker/0:0H]"]),
    ],
)
def test_a_program_with_a_file_is_no_kernel_thread(name, executable, arguments):
    assert judge(name, executable, arguments, TORCH, holds=True) == "kernel_thread"


@pytest.mark.parametrize(
    ("name", "executable", "arguments"),
    [
        ("python3", "/tmp/.x/python3", ["/tmp/.x/python3", "--config", "/tmp/.x/c.json"]),
        ("python", "/tmp/xmrig", ["python", "train.py"]),
        ("m", "/tmp/m", ["/usr/bin/python3", "train.py"]),
        ("java", "/var/tmp/java", ["java", "-jar", "a.jar"]),
        ("bash", "/dev/shm/a", ["-bash"]),
    ],
)
def test_an_interpreter_that_holds_nothing_of_one_is_none(name, executable, arguments):
    assert judge(name, executable, arguments) == "interpreter"
    assert judge(name, executable, arguments, holds=None) == ""


@pytest.mark.parametrize(
    ("name", "executable", "arguments"),
    [
        ("nginx", "/opt/m", ["nginx: worker process"]),
        ("sshd", "/home/a/m", ["/home/a/m", "-c", "f"]),
        ("systemd-journal", "/opt/m", ["/opt/m"]),
        ("kdevtmp_a", "/opt/m", ["kdevtmp_a"]),
        ("m", "/opt/m", ["nvidia-smi", "-l"]),
    ],
)
def test_a_name_that_is_nowhere_near_is_told(name, executable, arguments):
    assert judge(name, executable, arguments) == "name"
    assert judge(name, executable, arguments, called=None) == ""


HONEST = [
    ("python", "/usr/bin/python3.11", ["python", "train.py"]),
    ("pt_main_thread", "/opt/conda/bin/python3.10", ["python", "train.py"]),
    ("pt_data_worker", "/opt/conda/bin/python3.10", ["/opt/conda/bin/python", "train.py"]),
    ("ray::train", "/usr/bin/python3.11", ["ray::train.step()"]),
    ("VLLM::EngineCor", "/usr/bin/python3.12", ["VLLM::EngineCore"]),
    ("vllm", "/usr/bin/python3.12", ["/usr/bin/python3", "/usr/local/bin/vllm", "serve"]),
    ("torchrun", "/opt/conda/bin/python3.10", ["/opt/conda/bin/python", "/opt/conda/bin/torchrun"]),
    ("jupyter-noteboo", "/usr/bin/python3.11", ["/usr/bin/python3", "/usr/bin/jupyter-notebook"]),
    ("ZMQbg/1", "/usr/bin/python3.11", ["python3", "-m", "ipykernel_launcher"]),
    ("celery", "/usr/bin/python3.11", ["[celeryd: celery@host:MainProcess] -active- (worker)"]),
    ("[celeryd: celer", "/usr/bin/python3.11", ["[celeryd: celery@host:MainProcess] (worker)"]),
    ("gmx", "/usr/bin/gmx", ["gmx", "mdrun"]),
    ("gmx_mpi", "/opt/gromacs/bin/gmx_mpi", ["/opt/gromacs/bin/gmx_mpi", "mdrun"]),
    ("tritonserver", "/opt/tritonserver/bin/tritonserver", ["tritonserver"]),
    ("nvidia-persiste", "/usr/bin/nvidia-persistenced", ["/usr/bin/nvidia-persistenced"]),
    ("nv-hostengine", "/usr/bin/nv-hostengine", ["nv-hostengine", "-n"]),
    ("Isolated Web Co", "/usr/lib/firefox/firefox", ["/usr/lib/firefox/firefox", "-contentproc"]),
    ("GeckoMain", "/usr/lib/firefox/firefox", ["firefox"]),
    ("chrome", "/opt/google/chrome/chrome", ["/opt/google/chrome/chrome --type=gpu-process"]),
    ("GameThread", "/opt/sim/Sim-Linux-Shipping", ["/opt/sim/Sim-Linux-Shipping"]),
    ("blender", "/snap/blender/1/blender", ["blender", "-b"]),
    ("firefox", "/nix/store/a/bin/.firefox-wrapped", ["firefox"]),
    ("java", "/usr/lib/jvm/java-17/bin/java", ["java", "-jar", "a.jar"]),
    ("node", "/usr/bin/node", ["node", "server.js"]),
    ("MainThread", "/usr/bin/node", ["node", "server.js"]),
    ("Xorg", "/usr/lib/xorg/Xorg", ["/usr/lib/xorg/Xorg", ":0"]),
    ("node", "/opt/ros/humble/lib/detector/node", ["/opt/ros/humble/lib/detector/node"]),
    ("watchdog", "/usr/bin/python3.11", ["/usr/bin/python3", "/usr/local/bin/watchdog"]),
    ("migration", "/usr/bin/python3.11", ["python3", "migration.py"]),
    ("irq", "/opt/irq-tool/bin/irqtool", ["irq"]),
    ("ls", "/usr/bin/busybox", ["ls"]),
    ("prog", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", ["/lib64/ld-linux-x86-64.so.2"]),
    ("mpirun", "/usr/bin/orterun", ["mpirun", "-n", "8", "lmp"]),
    ("sh", "/usr/bin/dash", ["sh", "-c", "true"]),
    ("kvm", "/usr/bin/qemu-system-x86_64", ["/usr/bin/kvm"]),
    ("ollama_llama_se", "/tmp/ollama123/runners/ollama_llama_server", ["ollama_llama_server"]),
    ("ffmpeg", "/usr/bin/ffmpeg", ["ffmpeg", "-i", "a"]),
    ("nginx", "/usr/sbin/nginx", ["nginx: worker process"]),
    ("julia", "/home/a/.julia/juliaup/bin/julia", ["julia"]),
    ("Rscript", "/usr/lib/R/bin/exec/R", ["/usr/lib/R/bin/exec/R"]),
]


@pytest.mark.parametrize(("name", "executable", "arguments"), HONEST)
def test_honest_programs_are_called_many_things(name, executable, arguments):
    """Whatever of theirs can be read, and whether a link of that name is found or not."""
    mapped = TORCH if "python" in executable else (executable.encode(),)

    assert judge(name, executable, arguments, mapped, holds=True) == ""


def test_a_link_to_the_program_is_an_honest_name():
    """As /sbin/init leads to systemd, and mpirun to what a package chose."""
    init = ("systemd", "/usr/lib/systemd/systemd", ["/sbin/init"])
    launcher = ("launch", "/opt/mpi/bin/prun-1", ["launch"])

    assert judge(*init, called=True) == judge(*launcher, called=True) == ""
    assert judge(*init) == judge(*launcher) == "name"


@given(st.text(), st.text(), st.lists(st.text()), st.lists(st.binary()))
def test_anything_at_all_is_one_of_four_words(name, executable, arguments, mapped):
    words = {"", "kernel_thread", "interpreter", "name"}

    assert judge(name, executable, arguments, mapped) in words
