"""Containers in random configurations: every fact read must be what runc was asked for."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aisec_daemon.detectors.posture import Posture as Rule
from aisec_daemon.host.container.images import Images
from aisec_daemon.host.posture.capabilities import NAMES
from aisec_daemon.host.posture.postures import Postures
from aisec_daemon.host.posture.status import parse_status
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from aisec_daemon.host.workload.workload import Workload
from aisec_daemon.model import State, View
from aisec_daemon.samplers.posture import Posture
from tests.system.containers import DOCKER_DEFAULT, Configuration, drawn, runtime

pytestmark = pytest.mark.system

CONFIGURATIONS, STARTED_LEAST = 50, 30
GPUS = 8


def available() -> tuple[str, ...]:
    """Capabilities that this machine can give; virtual machines may lack some."""
    bounding = parse_status(Path("/proc/self/status").read_bytes()).bounding
    return tuple(name for bit, name in enumerate(NAMES) if bounding >> bit & 1)


@pytest.fixture(scope="module")
def runc():
    folder = Path(tempfile.mkdtemp(prefix="posture-"))
    try:
        with runtime(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def containers(runc):
    """Start many; return what was asked for by container, and why others were refused."""
    started, refused = {}, []
    for seed in range(CONFIGURATIONS):
        asked = drawn(seed, available())
        pid, why = runc.start(name_of(seed), asked)
        if pid:
            started[name_of(seed)] = pid, asked
        else:
            refused.append(why)
    return started, refused


def name_of(seed):
    return hashlib.sha256(b"%d" % seed).hexdigest()


@pytest.fixture(scope="module")
def snapshot(containers):
    """Read them all as the daemon does."""
    started, _ = containers
    return read([pid for pid, _ in started.values()])


def read(pids):
    """Read these processes as AI workloads; each of the first has a GPU."""
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        found = [processes.lookup(pid) for pid in pids]
        workloads = [Workload(w, w.subject, on_gpu=True, libraries=frozenset()) for w in found]
        gpus = [gpu(index, pids[index : index + 1]) for index in range(GPUS)]
        nvml = SimpleNamespace(read=lambda: SimpleNamespace(gpus=gpus))
        tally = Tally()
        postures = Postures(Path("/"), SimpleNamespace(read=lambda: workloads), nvml, tally)
        images = Images(Path("/"), Tally())  # runc alone leaves no word of one
        taken = Posture().read(SimpleNamespace(postures=postures, images=images), 1.0)
        assert tally.rows() == []  # root of the node can read everything
        return taken


def gpu(index, pids):
    return SimpleNamespace(
        identity=SimpleNamespace(kind="gpu", parent="", uuid=f"GPU-{index}"),
        processes=[SimpleNamespace(pid=pid) for pid in pids],
        numbers=[1.0] * 100,
    )


def expected(asked: Configuration) -> dict[str, str]:
    """Return the words that must be read of a container asked for like this."""
    own_users = "user" not in asked.host
    every = set(asked.capabilities) == set(available())
    capabilities = "all" if every else " ".join(n for n in NAMES if n in asked.capabilities)
    root = ("namespace" if own_users else "host") if asked.uid == 0 else ""
    words = {
        "kind": "container",
        "root": root,
        "no_new_privileges": yes(asked.no_new_privileges),
        "bounding_capabilities": capabilities,
        "capabilities": capabilities if asked.uid == 0 or asked.ambient else "",
        "seccomp": "filter" if asked.seccomp else "off",
        "read_only_root": yes(asked.read_only),
        "memory_limited": yes(asked.memory_bytes),
        "cpu_limited": yes(asked.cpu_percent),
        "pids_limited": yes(asked.pids),
        "mnt_namespace": "own",
        "runtime_sockets": "docker" if asked.docker_socket else "",
        "host_paths": " ".join(sorted(asked.mounts)),
        "devices": " ".join(["block"] * asked.block + ["fuse"] * asked.fuse),
    }
    for name in ("net", "pid", "ipc", "uts", "user", "cgroup"):
        words[f"{name}_namespace"] = "host" if name in asked.host else "own"
    return words


def yes(asked):
    return "yes" if asked else "no"


def test_enough_containers_started(containers):
    """Some are refused: a machine may lack what they ask for."""
    started, refused = containers

    assert len(started) >= STARTED_LEAST, refused
    assert len(started) + len(refused) == CONFIGURATIONS


def test_every_word_is_what_was_asked_for(containers, snapshot):
    started, _ = containers
    compared = 0
    for name, (_, asked) in started.items():
        at = snapshot.subjects.index(f"container/{name}")
        for label, word in expected(asked).items():
            assert snapshot.labels[label][at] == word, (label, asked)
            compared += 1

    assert compared >= 20 * STARTED_LEAST


def test_every_number_is_what_was_asked_for(containers, snapshot):
    started, _ = containers
    for name, (_, asked) in started.items():
        at = snapshot.subjects.index(f"container/{name}")
        numbers = dict(zip(snapshot.table.column_names, snapshot.values[at], strict=True))
        limits = {
            "memory_limit_bytes": asked.memory_bytes,
            "cpu_limit_ratio": asked.cpu_percent / 100,
            "pids_limit_processes": asked.pids,
        }
        for column, limit in limits.items():
            assert numbers[column] == pytest.approx(limit or float("nan"), nan_ok=True), asked
        assert numbers["visible_gpus"] == asked.gpus, asked


def test_those_who_break_the_baseline_are_told_and_no_others(containers, snapshot):
    """Judged by what was asked for, not by what was read."""
    started, _ = containers
    _, verdict = Rule()(State((), np.empty((0, 0))), View(1.0, snapshot, np.empty(0), {}))
    told = {
        subject.removeprefix("container/")
        for subject, score in zip(verdict.subjects, verdict.score, strict=True)
        if score >= 1
    }

    users = list(started)[:GPUS]  # each of them is listed by one GPU
    broken = {n for n, (_, asked) in started.items() if breaks(asked, on_gpu=n in users)}

    assert told == broken
    assert 5 <= len(told) <= len(started) - 5
    assert not np.isnan(verdict.score[1:]).any()


def breaks(asked, on_gpu):
    """Weigh a configuration by hand, as docs/rules/posture.md tells it."""
    usual = {*DOCKER_DEFAULT, "ipc_lock", "sys_nice"}
    weights = {
        2.0: [asked.block and set(asked.capabilities) == set(available()), asked.docker_socket],
        1.0: [
            bool(asked.mounts),
            asked.block,
            "user" in asked.host
            and (asked.uid == 0 or asked.ambient)
            and not usual.issuperset(asked.capabilities),
            "pid" in asked.host,
        ],
        0.4: ["net" in asked.host],
        0.3: ["ipc" in asked.host],
        0.25: [on_gpu and asked.gpus == GPUS],
    }
    return sum(weight * sum(broken) for weight, broken in weights.items()) >= 1


def test_a_container_is_as_strong_as_its_weakest_process(runc):
    """An administrator's shell in a container that was hardened."""
    name = name_of(CONFIGURATIONS)
    first, why = runc.start(name, Configuration(uid=1000, host=frozenset({"user"})))
    assert first, why
    before = read([first])
    more = runc.execute(name, 0, ("sys_admin", "sys_ptrace"))
    after = read([first, more])

    at = after.subjects.index(f"container/{name}")
    words = {label: column[at] for label, column in after.labels.items()}
    assert before.labels["root"][before.subjects.index(f"container/{name}")] == ""
    assert words["root"] == "host"
    assert words["capabilities"] == "sys_ptrace sys_admin"
    assert words["process"].startswith(f"{more}:")
    assert words["asset"].startswith(f"{first}:")
    assert after["workload_processes"][at] == 2
