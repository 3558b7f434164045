"""Table `process_view`: rows for views, for those they disagree on, for libraries."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.views import views as module
from aisec_daemon.host.views.kernel import Answer
from aisec_daemon.samplers.process_view import ProcessView
from tests.host.views.node import Node


def reading(*pids, fresh=True):
    processes = [SimpleNamespace(pid=pid) for pid in pids]
    identity = SimpleNamespace(uuid="GPU-a")
    gpu = SimpleNamespace(processes=processes, processes_fresh=fresh, identity=identity)
    return SimpleNamespace(read=lambda: SimpleNamespace(gpus=[gpu]))


def unreadable():
    raise UnreadableError("nvml", "no driver")


def host(node, nvml, known=None, connector_error="", heard=()):
    processes = SimpleNamespace(
        lookup=(known or {}).get, heard=lambda: frozenset(heard), connector_error=connector_error
    )
    images = SimpleNamespace(of=lambda who: f"image of {who.start_ticks}")
    return SimpleNamespace(nvml=nvml, processes=processes, views=node.views, images=images)


def words(snapshot, subject):
    row = snapshot.subjects.index(subject)
    return {name: column[row] for name, column in snapshot.labels.items()}


def test_a_row_for_each_view(tmp_path):
    snapshot = ProcessView().read(host(Node(tmp_path), reading(1)), time=5.0)
    known = dict(zip(snapshot.subjects, snapshot["known_processes"], strict=True))

    assert known["view/listing"] == 2
    assert known["view/nvml"] == 1
    assert known["view/connector"] == 0
    assert words(snapshot, "view/nvml")["lack"] == ""


def test_a_hidden_process_is_placed_by_its_control_group(tmp_path):
    node = Node(tmp_path)
    node.alive[66] = Answer.PROCESS
    node.group("kubepods.slice/pod11111111-2222-3333-4444-555555555555", [66])
    for _ in range(2):
        snapshot = ProcessView().read(host(node, reading(66)), time=5.0)
    row = snapshot.subjects.index("66:?")
    said = words(snapshot, "66:?")

    assert snapshot["lasting_runs"][row] == 2
    assert (said["known_by"], said["gpus"]) == ("kernel cgroup nvml", "GPU-a")
    assert said["pod"] == "11111111-2222-3333-4444-555555555555"
    assert said["executable"] is None


def test_one_that_a_direct_look_finds_is_named(tmp_path, monkeypatch):
    node = Node(tmp_path)
    node.add(66)
    monkeypatch.setattr(module, "list_with_libc", lambda _: frozenset({1, 2}))
    names = ("name", "executable", "executable_state", "command_hash", "user", "container", "pod")
    identity = dict.fromkeys((*names, "slurm_job", "unit"), "word")
    known = SimpleNamespace(**identity, start_ticks=7)

    said = words(ProcessView().read(host(node, reading(), {66: known}), 5.0), "66:7")
    assert (said["executable"], said["image"]) == ("word", "image of 7")
    known.start_ticks = 8  # another process bears the pid by now
    said = words(ProcessView().read(host(node, reading(), {66: known}), 5.0), "66:7")
    assert said["executable"] is said["image"] is None


def test_processes_that_could_not_be_listed_are_not_compared(tmp_path):
    snapshot = ProcessView().read(host(Node(tmp_path), reading(66, fresh=False)), 5.0)

    assert "66:?" not in snapshot.subjects


def test_without_gpus_or_connector_their_views_do_not_apply(tmp_path):
    node = host(Node(tmp_path), SimpleNamespace(read=unreadable), connector_error="no right")
    snapshot = ProcessView().read(node, 5.0)
    known = dict(zip(snapshot.subjects, snapshot["known_processes"], strict=True))

    assert math.isnan(known["view/nvml"])
    assert math.isnan(known["view/connector"])


def test_a_library_has_a_row(tmp_path):
    node = Node(tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ld.so.preload").write_text("/usr/lib/x.so\n")
    said = words(ProcessView().read(host(node, reading()), 5.0), "library//usr/lib/x.so")

    assert (said["view"], said["executable"], said["calls"]) == ("library", "/usr/lib/x.so", "")


def test_fewer_than_no_numbers_are_refused():
    with pytest.raises(ValueError, match="sweep_pids"):
        ProcessView(sweep_pids=-1)
