"""Table `asset`."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.model import Snapshot
from aisec_daemon.model.baseline import difference
from aisec_daemon.samplers.asset import Asset
from tests.host.container.files import ID, IMAGE, OTHER, POD, UID, containerd
from tests.host.proc.tree import BOOT
from tests.host.workload.node import SITE, Node, install, loaded


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.processes.close()


def rows(snapshot):
    """Return the rows by subject, words and numbers together."""
    return {
        subject: {name: words[at] for name, words in snapshot.labels.items()}
        | dict(zip(snapshot.table.column_names, snapshot.values[at], strict=True))
        for at, subject in enumerate(snapshot.subjects)
    }


def test_a_row_tells_what_a_security_team_asks_first(node):
    maps = loaded(f"{SITE}/torch/lib/libc10.so", "/usr/lib/libcuda.so.1")
    for pid in (10, 11):
        folder = node.python(pid, "/srv/train.py", "--lr", "1", maps=maps, start=500 + pid)
        install(folder, "torch", "2.4.1")
        (folder / "loginuid").write_text("1000")
    node.gpus.pids = (10,)
    node.processes.scan()
    ((subject, row),) = rows(Asset().read(node.host, 1.8e9)).items()

    assert row.pop("identity") != row["asset"] == subject
    assert row == {
        "asset": subject,
        "service": "",
        "frameworks": "torch 2.4.1",
        "executable": "/usr/bin/python3.11",
        "script": "/srv/train.py",
        "user": "alice",
        "login_user": "alice",
        "container": "",
        "image": "",
        "pod": "",
        "slurm_job": "",
        "unit": "a.service",
        "packages": SITE,
        "libraries": "cuda python torch",
        "gpu_uuids": "GPU-a",
        "executable_hash": None,
        "member_processes": 2.0,
        "used_gpus": 1.0,
        "memory_resident_bytes": 2 * 10 * 4096.0,
        "gpu_memory_used_bytes": 1e9,
        "started_timestamp_seconds": pytest.approx(BOOT + 5.10),
    }


def contained(node, pid, group):
    maps = loaded(f"{SITE}/torch/lib/libc10.so")
    folder = node.python(pid, "/srv/train.py", maps=maps)
    (folder / "cgroup").write_text(f"0::{group}\n")


def test_an_asset_in_a_container_has_its_image(node):
    containerd(node.tree.root)
    contained(node, 10, POD)
    contained(node, 11, f"{POD}/worker")
    node.processes.scan()
    snapshot = Asset().read(node.host, 1.0)

    assert snapshot.labels["container"] == (ID,)
    assert snapshot.labels["image"] == (IMAGE,)


def test_who_only_calls_himself_like_the_container_takes_its_image_away(node):
    """He is taken for the same asset, of which nobody can say any more what it runs."""
    containerd(node.tree.root)
    contained(node, 10, POD)
    contained(node, 11, f"/kubepods/burstable/pod{UID}/{OTHER}/{ID}")
    node.processes.scan()
    snapshot = Asset().read(node.host, 1.0)

    assert snapshot.labels["container"] == (ID,)
    assert snapshot.labels["image"] == (None,)


def test_approved_rows_of_before_there_were_images_are_still_what_they_were(node):
    containerd(node.tree.root)
    contained(node, 10, POD)
    node.processes.scan()
    now = Asset().read(node.host, 1.0)
    words = {name: column[0] for name, column in now.labels.items()}

    def approved(image):
        return Snapshot.from_rows(Asset.table, 0.5, {"old": ({}, words | {"image": image})})

    assert difference(now, approved(None)).changed == {}
    assert difference(now, approved(IMAGE)).changed == {}
    assert difference(now, approved("other:1")).changed == {0: {"image": IMAGE}}


def test_nobody_is_an_empty_table_and_unread_is_not_zero(node):
    node.add(7)
    assert Asset().read(node.host, 1.0).subjects == ()
    node.add(8, loaded("/x/libtorch.so"))
    node.gpus.pids = None
    node.again()
    snapshot = Asset().read(node.host, 1.0)

    assert snapshot.labels["gpu_uuids"] == (None,)
    assert np.isnan(snapshot["used_gpus"]).all()
    assert np.isnan(snapshot["gpu_memory_used_bytes"]).all()
