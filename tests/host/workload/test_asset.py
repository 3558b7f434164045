"""Processes of one workload are one asset, which keeps its name when it is started again."""

from __future__ import annotations

import math

import pytest

from aisec_daemon.host.workload.asset import Group
from tests.host.workload.node import SITE, install, loaded

TORCH = loaded(f"{SITE}/torch/lib/libc10.so")
ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
GROUP = Group("/usr/bin/python3", "/srv/train.py", "alice", "", "", "", "train.service")


def test_ranks_and_their_helpers_are_one(node):
    for pid in range(10, 14):
        node.python(pid, "-u", "/srv/train.py", f"--rank={pid}", maps=TORCH, pages=10)
    spawned = "from multiprocessing.spawn import spawn_main; spawn_main(1)"
    node.python(20, "-c", spawned, maps=TORCH, parent=10, pages=10)
    node.add(21, TORCH, ("train: worker",), "/usr/bin/python3.11", parent=20, pages=10)
    node.python(30, "-u", "/srv/other.py", maps=TORCH)
    node.gpus.pids = (10, 11)
    assets = {asset.group.script: asset for asset in node.assets()}
    asset = assets.pop("/srv/train.py")

    assert [each.identity.pid for each in asset.workloads] == [10, 11, 12, 13, 20, 21]
    assert {each.asset for each in asset.workloads} == {asset.subject}
    assert (asset.gpus, asset.gpu_memory_bytes) == (("GPU-a",), 2e9)
    assert asset.memory_bytes == 6 * 10 * 4096
    assert list(assets) == ["/srv/other.py"]


def test_the_script_of_a_process_is_told_once_somebody_asked_for_workloads(node):
    spawned = "from multiprocessing.spawn import spawn_main; spawn_main(1)"
    node.python(10, "-u", "/runs/4711/train.py", maps=TORCH)
    node.python(11, "-c", spawned, maps=TORCH, parent=10)
    node.add(12, TORCH, exe="/opt/native")
    tell = node.host.workloads.script
    found = node.again()
    subjects = {pid: each.identity.subject for pid, each in found.items()}

    assert tell(subjects[10]) == tell(subjects[11]) == "/runs/#/train.py"
    assert tell(subjects[12]) == ""
    node.python(13, "/srv/new.py", maps=TORCH)
    assert tell(f"13:{subjects[10].partition(':')[2]}") is None


def test_a_helper_of_a_service_is_of_that_service(node):
    folder = node.python(10, "/opt/venv/bin/vllm", "serve")
    install(folder, "vllm", "0.6.0", "vllm")
    node.add(11, TORCH, ("VLLM::EngineCore",), "/usr/bin/python3.11", parent=10)
    (asset,) = node.assets()

    assert [each.service for each in asset.workloads] == ["vllm", "vllm"]
    assert asset.frameworks == ("torch", "vllm 0.6.0")


def test_versions_are_those_below_the_processes_own_root(node):
    maps = TORCH + loaded(f"{SITE}/ray/_raylet.so", f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9")
    folder = node.python(7, "x.py", maps=maps)
    install(folder, "torch", "2.4.1+cu121")
    install(folder, "ray", "2.60.0")
    install(folder, "nvidia-cudnn-cu12", "9.1.0.70")
    (asset,) = node.assets()

    assert asset.frameworks == ("nvidia-cudnn-cu12 9.1.0.70", "ray 2.60.0", "torch 2.4.1+cu121")
    assert asset.sites == (SITE,)


def test_without_a_root_frameworks_have_no_version(node):
    folder = node.python(7, "x.py", maps=TORCH)
    (folder / "root").rmdir()

    assert node.assets()[0].frameworks == ("torch",)


def test_a_secret_in_the_arguments_goes_nowhere(node):
    secret = "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"
    node.python(7, f"/srv/{secret}/x.py", "--token", secret, maps=TORCH)
    (asset,) = node.assets()

    assert asset.group.script == "/srv/<redacted>/x.py"


def test_a_path_with_newlines_and_escapes_is_made_visible_and_short(node):
    node.python(7, "/srv/a\nb\x1b[31m\u202e/" + "x" * 5000, maps=TORCH)
    (asset,) = node.assets()

    assert asset.group.script.isprintable()
    assert len(asset.group.script) <= 256
    assert asset.group.script.startswith("/srv/a\\x0ab\\x1b[31m\\u202e/")


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("container", "a" * 64, "b" * 64),
        ("pod", "0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab", "1a3b5c7d-1e2f-4a5b-8c9d-0123456789ab"),
        ("slurm_job", "7", "8"),
        ("unit", "session-3.scope", "session-14.scope"),
        ("unit", "run-r4f5a6b7c8d9e.scope", "run-rdeadbeef0001.scope"),
        (
            "script",
            "/var/spool/slurmd/job12345/slurm_script",
            "/var/spool/slurmd/job7/slurm_script",
        ),
        ("script", "/tmp/tmpab12cd_4/train.py", "/tmp/tmpzz98yy_1/train.py"),
    ],
)
def test_its_identity_outlives_what_each_run_has_anew(field, one, other):
    first, second = GROUP._replace(**{field: one}), GROUP._replace(**{field: other})

    assert first.subject != second.subject
    assert first.identity == second.identity


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("executable", "/usr/bin/python4"),
        ("script", "/srv/other.py"),
        ("user", "bob"),
        ("container", "a" * 64),
        ("slurm_job", "7"),
        ("unit", "other.service"),
        ("unit", None),
        ("user", None),
    ],
)
def test_another_program_user_or_kind_of_place_has_another_identity(field, other):
    second = GROUP._replace(**{field: other})

    assert GROUP.subject != second.subject
    assert GROUP.identity != second.identity


def test_what_was_not_read_is_no_empty_word():
    assert GROUP._replace(user=None).subject != GROUP._replace(user="").subject


def test_names_are_short_and_stay_the_same():
    """Recordings and approved baselines hold them: a change here is a migration."""
    assert GROUP.subject == "25400219e9d7d778"
    assert GROUP.identity == "46ac7e0dffff1f83"


def test_without_numbers_nothing_is_zero(node):
    """Where nobody scans, no stat was read; where NVML is silent, no GPU."""
    node.add(7, TORCH)
    node.gpus.pids = None
    node.host.programs._members_at = -1e9
    (asset,) = node.host.workloads.assets()

    assert math.isnan(asset.memory_bytes)
    assert math.isnan(asset.gpu_memory_bytes)
    assert asset.gpus is None
