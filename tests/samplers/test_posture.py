"""Table `posture`, of a node made of files and of this very process."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.posture.postures import Postures
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload
from aisec_daemon.samplers.posture import Posture
from tests.host.posture.node import CONTAINER_MOUNTS, ID, Node, gpu


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    with closing(made.processes):
        yield made


def row(snapshot, subject):
    """Return one row, as a dictionary."""
    at = snapshot.subjects.index(subject)
    numbers = zip(snapshot.table.column_names, snapshot.values[at], strict=True)
    return {name: words[at] for name, words in snapshot.labels.items()} | dict(numbers)


def read(node):
    return Posture().read(node, 5.0)


def test_a_row_tells_who_it_is_and_what_he_may(node):
    node.contain(100, start=77, mounts=CONTAINER_MOUNTS, uid=1000)
    node.gpus = [gpu("a", 100), gpu("b")]
    found = row(read(node), f"container/{ID}")

    assert found["kind"] == "container"
    assert found["container"] == ID
    assert (found["process"], found["asset"]) == ("100:77", "asset")
    assert (found["name"], found["user"]) == ("python", "alice")
    assert (found["no_new_privileges"], found["read_only_root"]) == ("no", "no")
    assert (found["capabilities"], found["seccomp"]) == ("all", "off")
    assert (found["net_namespace"], found["user_namespace"]) == ("own", "host")
    assert (found["used_gpus"], found["node_gpus"]) == (1.0, 2.0)
    assert found["workload_processes"] == 1.0
    assert found["toolkit_version"] is None  # the node's, not his


def test_a_limit_is_a_word_and_a_number_and_none_is_no_number(node):
    node.add(200, cgroup="0::/x.service")
    folder = node.tree.root / "sys/fs/cgroup/x.service"
    folder.mkdir(parents=True)
    for each in (folder, folder.parent):
        (each / "cgroup.procs").touch()
    (folder / "memory.max").write_text("4096")
    (folder / "cpu.max").write_text("max 100000")
    (folder / "pids.max").write_text("broken")
    found = row(read(node), "asset")

    assert (found["memory_limited"], found["memory_limit_bytes"]) == ("yes", 4096.0)
    assert found["cpu_limited"] == "no"
    assert found["pids_limited"] is None
    assert np.isnan([found["cpu_limit_ratio"], found["pids_limit_processes"]]).all()


def test_the_node_has_a_row_of_its_own(node):
    node.gpus = [gpu("a", on=1.0), gpu("b", on=0.0)]
    (node.tree.root / "usr/lib").mkdir(parents=True)
    (node.tree.root / "tmp").mkdir()
    found = row(read(node), "node")

    assert (found["kind"], found["asset"], found["process"]) == ("node", "node", None)
    assert (found["toolkit_version"], found["mps_pipe"]) == ("", "")
    assert (found["node_gpus"], found["persistence_mode_ratio"]) == (2.0, 0.5)
    assert found["root"] is None


def test_nobody_tells_who_does_ai_work(node):
    def refuse():
        raise UnreadableError("program", "nobody tells")

    node.postures._workloads.read = refuse
    with pytest.raises(UnreadableError, match="nobody tells"):
        read(node)


def test_this_very_process_by_the_kernel_itself():
    """Against what its own status says, read another way."""
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        who = processes.lookup(os.getpid())
        ours = [Workload(who, "ours", on_gpu=False, libraries=frozenset())]
        nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=[]))
        workloads = SimpleNamespace(read=lambda: ours)
        postures = Postures(Path("/"), workloads, nvml, Tally())
        images = SimpleNamespace(of=lambda who: f"image of {who.subject}")
        snapshot = Posture().read(SimpleNamespace(postures=postures, images=images), 1.0)
    (subject,) = set(snapshot.subjects) - {"node"}
    found = row(snapshot, subject)
    status = dict(
        line.split(":\t", 1)
        for line in Path("/proc/self/status").read_text().splitlines()
        if ":\t" in line
    )

    assert found["image"] == f"image of {found['process']}"
    assert found["root"] == ("host" if "0" in status["Uid"].split() else "")
    assert found["no_new_privileges"] == ("yes" if status["NoNewPrivs"] == "1" else "no")
    assert found["seccomp"] == ("off", "strict", "filter")[int(status["Seccomp"])]
    assert (found["capabilities"] == "") == (int(status["CapEff"], 16) == 0)
