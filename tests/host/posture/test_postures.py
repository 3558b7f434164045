"""Postures of a node made of files: who is put together, who is read, and how often."""

from __future__ import annotations

import math
import os
from contextlib import closing

import pytest

from aisec_daemon.host.posture import facts as facts_module
from aisec_daemon.host.posture import postures as module
from tests.host.posture.node import ALL, CONTAINER_MOUNTS, ID, Node, gpu
from tests.host.proc.tree import descriptors


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    with closing(made.processes):
        yield made


def test_everything_of_a_container_is_read(node):
    node.contain(
        100,
        uid=100000,
        effective="0000000000000400",
        bounding="00000000a80425fb",
        no_new_privileges=1,
        seccomp=2,
        uid_map="0 100000 65536",
        own=("pid", "ipc", "uts", "net", "mnt", "user"),
        mounts=CONTAINER_MOUNTS.replace("/ / rw", "/ / ro", 1)
        + "903 902 0:6 /nvidia2 /dev/nvidia2 rw - devtmpfs udev rw\n"
        + "904 900 0:25 /docker.sock /x rw - tmpfs tmpfs rw\n"
        + "905 900 8:1 /etc /my\\040etc ro - ext4 /dev/sda1 rw\n",
    )
    folder = node.tree.root / f"sys/fs/cgroup/docker/{ID}"
    folder.mkdir(parents=True)
    for each in (folder, node.tree.root / "sys/fs/cgroup"):
        (each / "cgroup.procs").touch()
    (folder / "memory.max").write_text("1073741824\n")
    (node.tree.proc / "100/attr").mkdir()
    (node.tree.proc / "100/attr/current").write_text("docker-default (enforce)\n")
    facts = node.read()[ID].facts

    assert facts.root == "namespace"
    assert facts.no_new_privileges is True
    assert facts.capabilities == "net_bind_service"
    assert facts.bounding_capabilities.startswith("chown dac_override fowner")
    assert facts.seccomp == "filter"
    assert facts.security_label == "docker-default (enforce)"
    assert facts.read_only_root is True
    assert facts.limits == (1 << 30, math.inf, math.inf)
    assert facts.namespaces["cgroup"] == "host"
    assert {n for n, w in facts.namespaces.items() if w == "own"} == {
        *("pid", "ipc", "uts", "net", "mnt", "user"),
    }
    assert facts.runtime_sockets == "docker"
    assert facts.host_paths == "/etc"
    assert facts.devices == ""
    assert facts.visible_gpus == 1.0


def test_what_a_node_does_not_tell_is_unknown(node):
    """Not one fact may look well because a file is missing."""
    node.contain(100)
    folder = node.tree.proc / "100"
    for name in ("uid_map", "mountinfo"):
        (folder / name).unlink()
    (folder / "status").write_text("Name:\tx\n")
    for link in (folder / "ns").iterdir():
        link.unlink()
    facts = node.read()[ID].facts

    told = dict(vars(facts))
    assert set(told.pop("namespaces").values()) == {None}
    assert all(map(math.isnan, told.pop("limits")))
    assert math.isnan(told.pop("visible_gpus"))
    assert set(told.values()) == {None}


def test_devices_of_a_copy_of_a_node_are_unknown(node):
    node.contain(100, own=("pid", "mnt"))
    facts = node.read()[ID].facts

    assert facts.devices is None
    assert math.isnan(facts.visible_gpus)


def test_the_hosts_dev_in_a_user_namespace_is_not_taken_for_an_empty_one(node):
    """No node is mounted one by one there, and yet all are."""
    own = ("pid", "mnt", "user")
    whole = CONTAINER_MOUNTS.replace(
        "0:61 / /dev rw - tmpfs tmpfs", "0:6 / /dev rw - devtmpfs udev"
    )
    node.contain(100, own=own, mounts=whole)
    facts = node.read()[ID].facts

    assert (facts.host_paths, facts.devices) == ("/dev", None)
    assert math.isnan(facts.visible_gpus)


def test_a_container_without_the_hosts_mounts_to_compare_with(node):
    (node.tree.proc / "1/mountinfo").unlink()
    node.contain(100)
    facts = node.read()[ID].facts

    assert (facts.host_paths, facts.runtime_sockets) == (None, None)
    assert facts.read_only_root is False


def test_too_many_mounts_leave_unknown_what_was_not_found(node, monkeypatch):
    monkeypatch.setattr("aisec_daemon.host.proc.mountinfo.MOUNTINFO_BYTES", 300)
    monkeypatch.setattr("aisec_daemon.host.proc.mountinfo._CHUNK_BYTES", 300)
    node.contain(100, mounts="1 2 8:1 /etc /e rw - ext4 x rw\n" + CONTAINER_MOUNTS * 99)
    facts = node.read()[ID].facts

    assert facts.host_paths == "/etc"
    assert (facts.runtime_sockets, facts.read_only_root) == (None, None)


def test_one_row_for_a_container_as_strong_as_its_weakest(node):
    node.contain(100, start=100, uid=1000, effective="0" * 16, asset="entry")
    node.contain(101, start=200, uid=0, effective=ALL, asset="worker")
    node.contain(102, start=300, uid=1000, effective="0" * 16, asset="worker")
    postures = node.read()

    assert set(postures) == {ID}
    found = postures[ID]
    assert (found.first.pid, found.asset) == (100, "entry")
    assert (found.weakest.pid, found.facts.root, found.processes) == (101, "host", 3)


def test_outside_of_containers_an_asset_is_one_row(node):
    node.add(200, asset="a", cgroup="0::/system.slice/ollama.service")
    node.add(201, asset="b", cgroup="0::/user.slice/user-1.slice/session-1.scope")
    node.add(202, asset="b", cgroup="0::/user.slice/user-1.slice/session-1.scope")
    node.add(203, asset="c", cgroup="0::/system.slice/slurmstepd.scope/job_7/step_0/x.service")
    postures = node.read()

    assert {key: (each.kind, each.processes) for key, each in postures.items()} == {
        "a": ("service", 1),
        "b": ("process", 2),
        "c": ("process", 1),
    }
    assert postures["a"].facts.host_paths is None
    assert postures["a"].facts.read_only_root is False  # the host's own root


def test_a_service_in_a_sandbox_has_mounts_of_its_own(node):
    mounts = "22 1 8:1 / / ro - ext4 /dev/sda1 rw\n"
    node.add(200, cgroup="0::/system.slice/x.service", own=("mnt",), mounts=mounts)

    assert node.read()["asset"].facts.read_only_root is True


def test_gpus_are_counted_by_who_is_listed(node):
    node.contain(100)
    node.contain(101)
    node.gpus = [
        *(gpu("a", 100), gpu("b", 101, 100), gpu("c", 999)),
        *(gpu("d"), gpu("d-1", 101, parent="d"), gpu("d-2", 100, parent="d")),
    ]
    assert node.read()[ID].used_gpus == 3

    node.gpus = None
    assert math.isnan(node.read()[ID].used_gpus)


def test_the_node_itself(node):
    node.gpus = [gpu("a", on=1.0), gpu("b", on=0.0), gpu("b-1", parent="b", on=9.0)]
    (node.tree.root / "tmp").mkdir()
    lib = node.tree.root / "usr/lib64/libnvidia-container.so.1.17.7"
    lib.parent.mkdir(parents=True)
    lib.touch()
    found = node.postures.read().node

    assert (found.toolkit, found.mps_pipe, found.gpus) == ("1.17.7", "", 2.0)
    assert (found.persistence_ratio, found.accounting_ratio) == (0.5, 0.5)

    node.gpus[0].numbers[:] = [math.nan] * 100
    assert math.isnan(node.postures.read().node.accounting_ratio)
    node.gpus = None
    assert math.isnan(node.postures.read().node.gpus)


def opened(monkeypatch):
    """Count what is opened from now on."""
    names, real = [], os.open

    def count(path, *given, **more):
        names.append(os.fspath(path))
        return real(path, *given, **more)

    monkeypatch.setattr(os, "open", count)
    return names


def test_a_steady_node_opens_nothing(node, monkeypatch):
    node.contain(100)
    node.add(200, asset="b")
    node.read()
    node.processes.scan()
    names = opened(monkeypatch)
    for _ in range(5):
        node.read()

    assert names == []


def test_after_a_minute_it_is_read_again(node):
    node.contain(100, no_new_privileges=0)
    assert node.read()[ID].facts.no_new_privileges is False
    status = node.tree.proc / "100/status"
    status.write_text(status.read_text().replace("NoNewPrivs:\t0", "NoNewPrivs:\t1"))
    (node.tree.proc / "1/ns/pid").unlink()
    assert node.read()[ID].facts.no_new_privileges is False
    node.later()
    facts = node.read()[ID].facts

    assert facts.no_new_privileges is True
    assert facts.namespaces["pid"] is None


def test_a_new_image_is_read_at_once(node):
    """The same pid and start: it executed something, as /proc tells by another command."""
    node.contain(100, uid=1000, effective="0" * 16)
    assert node.read()[ID].facts.root == ""
    status = node.tree.proc / "100/status"
    status.write_text(status.read_text().replace("1000", "0"))
    (node.tree.proc / "100/cmdline").write_text("sudo\0x\0")
    node.tree.stat(100, "sudo", code=9)
    node.processes.scan()

    assert node.read()[ID].facts.root == "host"


def test_another_process_under_the_same_pid_is_not_taken_for_it(node):
    node.contain(100, start=1000)
    found = node._members()
    node._members = lambda: found
    node.postures._workloads.read = lambda: found
    node.tree.stat(100, start=2000)

    assert node.read()[ID].facts.root is None
    assert node.tally.rows() == []


def test_a_process_that_is_gone_is_no_failure_and_one_that_is_closed_is(node, monkeypatch):
    node.contain(100)
    found = node._members()
    node.postures._workloads.read = lambda: found
    node.tree.remove(100)
    assert node.read()[ID].facts.root is None
    assert node.tally.rows() == []

    def refuse(*_):
        raise PermissionError(13, "")

    node.contain(101)
    node.later()
    found[:] = node._members()
    monkeypatch.setattr(facts_module, "read_mounts", refuse)
    assert node.read()[ID].facts.read_only_root is None
    assert [(call.call, call.code) for call, _, _ in node.tally.rows()] == [("mountinfo", "EACCES")]


def test_a_turn_reads_so_many_and_the_next_goes_on(node, monkeypatch):
    monkeypatch.setattr(module, "_GROUPS", 2)
    for pid in range(100, 105):
        node.contain(pid, container=f"{pid:064x}")
    known = [sum(each.facts.root == "host" for each in node.read().values()) for _ in range(4)]

    assert known == [2, 4, 5, 5]


def test_large_mounts_use_up_a_turn(node, monkeypatch):
    monkeypatch.setattr(module, "_TURN_BYTES", 100)
    for pid in range(100, 103):
        node.contain(pid, container=f"{pid:064x}")
    known = [sum(each.facts.root == "host" for each in node.read().values()) for _ in range(3)]

    assert known == [1, 2, 3]


def test_what_was_read_of_another_process_is_not_shown(node, monkeypatch):
    """A stronger one has come, and the turn has no room left to read it."""
    node.contain(100, uid=1000, effective="0" * 16)
    assert node.read()[ID].facts.root == ""
    node.contain(101, start=2000)
    monkeypatch.setattr(module, "_GROUPS", 0)
    found = node.read()[ID]
    assert (found.weakest.pid, found.facts.root) == (101, None)

    monkeypatch.undo()
    assert node.read()[ID].facts.root == "host"


def test_nothing_is_kept_of_who_is_gone(node):
    node.contain(100)
    node.read()
    node.workloads.clear()

    assert node.read() == {}
    assert node.postures._statuses == node.postures._groups == {}


def test_no_descriptor_stays_open(node):
    node.contain(100)
    node.add(200, asset="b", mounts="broken")
    node.read()
    before = descriptors()
    for _ in range(3):
        node.later()
        node.read()

    assert descriptors() == before
