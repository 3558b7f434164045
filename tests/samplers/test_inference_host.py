"""A whole node of AI workloads, tests/hosts/inference: pods, containers, jobs and services."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.asset import Asset
from aisec_daemon.samplers.flow import Flow
from tests.daemon import FAKE_SITE
from tests.samplers.test_asset import rows

ROOT = Path(__file__).parents[1] / "hosts/inference"
ID = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
UID = "0a3b5c7d-1e2f-4a5b-8c9d-0123456789ab"
GPU = "GPU-00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def tables():
    """Read assets and flows of the node as the daemon does."""
    environment = {"PYTHONPATH": str(FAKE_SITE), "AISEC_FAKE_NVML": str(ROOT / "nvml.json")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setitem(os.environ, name, value)
        tally = Tally()
        nvml = Nvml(tally, command=[sys.executable, "-m", "aisec_daemon.host.nvml.child"])
        processes = Processes(ROOT, tally, key=b"k" * 32, connector=False)
        host = Host(ROOT, tally, nvml, processes)
        for _ in range(50):
            with suppress(UnreadableError):
                if len(nvml.read().gpus[0].processes) == 3:
                    break
        processes.scan()
        yield rows(Asset().read(host, 1.8e9)), rows(Flow().read(host, 1.8e9))
        processes.close()
        nvml.close()


@pytest.fixture
def assets(tables):
    """Return the assets by service and script."""
    return {(row["service"], row["script"]): row for row in tables[0].values()}


@pytest.fixture
def flows(tables):
    """Return kind, target, direction, storage, name and evidence of an asset's flows."""
    names = ("kind", "target", "direction", "storage", "name", "evidence")

    def of(asset):
        every = [row for row in tables[1].values() if row["asset"] == asset["asset"]]
        return {tuple(row[name] for name in names) for row in every}

    return of


def test_these_are_all_workloads_and_no_others(assets):
    """Not the exporter of metrics, not the sleep that says jupyter, not the file manager."""
    assert {key: row["member_processes"] for key, row in assets.items()} == {
        ("vllm", "/usr/local/bin/vllm"): 2.0,
        ("jupyter", "/opt/conda/bin/jupyter-server"): 1.0,
        ("ipykernel", "ipykernel_launcher"): 1.0,
        ("", "/home/bob/run/train.py"): 2.0,
        ("ollama", ""): 1.0,
    }


def test_a_server_in_a_pod(assets, flows):
    row = assets["vllm", "/usr/local/bin/vllm"]

    assert (row["container"], row["pod"], row["user"]) == (ID, UID, "root")
    assert row["image"] == "docker.io/vllm/vllm-openai:v0.6.3"
    assert row["frameworks"] == "nvidia-cudnn-cu12 9.1.0.70, torch 2.4.1+cu121, vllm 0.6.3"
    assert row["packages"] == "/usr/local/lib/python3.11/site-packages"
    assert (row["gpu_uuids"], row["used_gpus"]) == (GPU, 1.0)
    assert row["gpu_memory_used_bytes"] == 64 << 30
    assert flows(row) == {
        *(
            (
                "model",
                f"/models/llama/model-0000{n}-of-00002.safetensors",
                "read",
                "network",
                "",
                "",
            )
            for n in (1, 2)
        ),
        ("service", "gateway.corp:8443", "out", "", "OpenAI API", "variable"),
        ("service", "huggingface.co", "out", "", "Hugging Face Hub", "variable"),
        ("service", "Anthropic API:443", "out", "", "Anthropic API", "address range"),
    }


def test_notebooks_in_a_container_with_its_own_cgroup_namespace(assets, flows):
    server, kernel = (
        assets["jupyter", "/opt/conda/bin/jupyter-server"],
        assets["ipykernel", "ipykernel_launcher"],
    )

    assert server["container"] == kernel["container"] == ID[::-1]
    assert server["frameworks"] == "jupyter-server 2.14.2"
    assert kernel["frameworks"] == "ipykernel 6.29.5, scikit-learn 1.5.1"
    assert flows(server) == set()
    assert flows(kernel) == {("dataset", "/bucket/train/*.parquet", "read", "fuse", "", "")}


def test_ranks_of_a_job(assets, flows):
    row = assets["", "/home/bob/run/train.py"]

    assert (row["slurm_job"], row["user"], row["login_user"]) == ("7712", "bob", "bob")
    assert (row["frameworks"], row["gpu_uuids"]) == ("jax 0.4.31", GPU)
    assert flows(row) == {
        ("dataset", "/lustre/imagenet/train.tfrecord", "read", "network", "", ""),
        ("model", "/lustre/out/checkpoint-*/state.ckpt", "write", "network", "", ""),
        ("service", "s3://corp-data", "out", "", "Amazon S3", "argument"),
    }


def test_a_static_service(assets, flows):
    row = assets["ollama", ""]

    assert (row["unit"], row["user"], row["gpu_uuids"]) == ("ollama.service", "ollama", "")
    assert flows(row) == {
        ("model", "/usr/share/ollama/.ollama/models/blobs", "read", "local", "", "")
    }


def test_no_secret_has_left(tables):
    assert not any(
        secret in repr(tables) for secret in ("QwErTy", "Pr1vate", "sk-proj", "user:", "hf_")
    )
