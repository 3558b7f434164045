"""Who is said to be hidden, from which view, and who never is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.views import views as module
from aisec_daemon.host.views.kernel import Answer
from aisec_daemon.host.views.mounts import Cover
from tests.host.views.node import Node


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_where_all_views_agree_nobody_is_named(node):
    node.add(40)
    node.group("job", [40])

    assert node.lasting([40], [40]) == {}
    reading = node.read([40], [40])
    known = {name: view.known for name, view in reading.views.items() if view.known >= 1}
    assert known == {"listing": 3, "raw_listing": 3, "cgroup": 1, "connector": 1, "nvml": 1}
    assert not any(view.lack for view in reading.views.values())


def test_a_pid_that_only_a_control_group_and_the_kernel_know(node):
    node.alive[66] = Answer.PROCESS
    node.group("system.slice/evil.service", [66])
    suspect = node.lasting([])[66]

    assert suspect.subject == "66:?"
    assert suspect.known_by == ("kernel", "cgroup")
    assert suspect.missing_from == ("listing", "raw_listing", "proc")
    assert suspect.group == "/system.slice/evil.service"


def test_a_sweep_of_the_numbers_finds_whom_nothing_names(node):
    node.alive[90] = Answer.PROCESS

    assert node.lasting(sweep=0) == {}
    assert node.lasting(sweep=100)[90].known_by == ("kernel",)


def test_a_sweep_never_takes_a_thread_for_a_process(node):
    node.alive[90] = Answer.THREAD  # pidfd_open tells
    node.alive[91] = Answer.ALIVE  # getpgid does not: its status does
    node.show(91)
    (node.root / "proc/91/status").write_text("Tgid:\t1\n")
    hidden = node.root / "proc/91"
    listings = [{"listing": frozenset({1, 2}), "raw_listing": frozenset({1, 2})}]
    node.views._listings = lambda _: listings[0]

    assert hidden.exists()
    assert node.lasting(sweep=200) == {}


def test_a_thread_that_a_late_list_names_is_nobody(node):
    """Its number may have been a process's when the list was made."""
    node.alive[90] = Answer.THREAD

    assert node.lasting([90], sweep=0) == {}


def test_once_found_it_is_asked_again_although_the_sweep_has_gone_on(node):
    node.alive[90] = Answer.PROCESS
    node.read(sweep=100)
    later = [node.read(sweep=10) for _ in range(3)][-1]

    assert [(s.pid, s.runs) for s in later.suspects] == [(90, 4)]


def test_libc_alone_leaves_it_out(node, monkeypatch):
    node.add(66)
    monkeypatch.setattr(module, "list_with_libc", lambda _: frozenset({1, 2}))
    suspect = node.lasting([])[66]

    assert suspect.missing_from == ("listing",)
    assert suspect.subject == "66:7"


def test_both_listings_leave_it_out_but_a_direct_look_finds_it(node, monkeypatch):
    node.add(66)
    for name in ("list_with_libc", "list_raw"):
        monkeypatch.setattr(module, name, lambda _: frozenset({1, 2}))

    assert node.lasting([66], sweep=0)[66].known_by == ("proc", "kernel", "nvml")


def test_a_mount_over_a_process_is_told_whatever_it_shows(node, monkeypatch):
    node.add(66)
    monkeypatch.setattr(module.mounts, "read_covers", lambda _: [Cover(66, "/proc/66", "tmpfs /")])
    whole = node.lasting()[66]
    shutil.copytree(node.root / "proc/1", node.root / "proc/66", dirs_exist_ok=True)
    other = node.lasting()[66]

    assert (whole.missing_from, whole.cover) == ((), "/proc/66 (tmpfs /)")
    assert (other.missing_from, other.subject) == (("proc",), "66:?")


def test_nvml_alone_is_said_to_be_alone(node):
    suspect = node.lasting([66])[66]

    assert suspect.known_by == ("nvml",)
    assert "kernel" in suspect.missing_from


def test_whoever_ends_is_not_hidden(node):
    node.add(40)
    node.group("job", [40])
    node.read([40], [40])
    node.alive.pop(40)
    shutil.rmtree(node.root / "proc/40")
    node.read([40], [40])  # cgroup and driver are late
    node.group("job", [])

    assert node.read([], [40]).suspects == ()


def test_a_pid_that_is_used_again_starts_anew(node, monkeypatch):
    monkeypatch.setattr(module, "list_with_libc", lambda _: frozenset({1, 2}))
    node.add(66, start=7)
    node.read([])
    shutil.rmtree(node.root / "proc/66")
    node.show(66, start=8)

    assert [(s.subject, s.runs) for s in node.read([]).suspects] == [("66:8", 1)]


def test_the_newborn_are_listed_the_second_time(node, monkeypatch):
    listings = iter([frozenset({1, 2}), frozenset({1, 2, 40})])
    monkeypatch.setattr(module, "list_with_libc", lambda _: next(listings))
    node.add(40)

    assert node.read([40]).suspects == ()


def test_a_pid_namespace_is_a_lack_and_no_accusation(tmp_path):
    node = Node(tmp_path, host=False)
    (tmp_path / f"proc/{os.getpid()}/ns").mkdir(parents=True)
    (tmp_path / f"proc/{os.getpid()}/ns/pid").symlink_to("pid:[4026532999]")
    node.alive[os.getpid()] = Answer.PROCESS
    first, second = node.read([4711, 0]), node.read([4711, 0])

    assert second.suspects == ()
    assert "pid namespace" in second.views["nvml"].lack
    assert (first.views["nvml"].runs, second.views["nvml"].runs) == (1, 2)
    assert node.read(None).views["nvml"].lack == ""  # no GPU: nothing is missing


def test_another_namespaces_proc_below_a_root_is_not_compared_with_our_kernel(tmp_path):
    node = Node(tmp_path)
    (tmp_path / "proc/self").unlink()
    (tmp_path / "proc/self").symlink_to("1")
    node.alive[66] = Answer.PROCESS
    node.group("job", [66])
    reading = node.read([66])

    assert reading.suspects == ()
    assert reading.views["nvml"].lack
    assert reading.views["kernel"].known != reading.views["kernel"].known  # NaN


def test_files_that_are_no_live_proc_lack_nothing(tmp_path):
    node = Node(tmp_path)
    (tmp_path / "proc/self").unlink()

    assert node.read([66]).views["nvml"].lack == ""
    assert node.lasting([66]) == {}


def test_hidepid_that_shuts_us_out_is_unreadable(node, monkeypatch):
    monkeypatch.setattr(module.mounts, "read_hidepid", lambda _: "invisible")
    node.read()  # pid 1 is seen: we see through it
    shutil.rmtree(node.root / "proc/1")

    with pytest.raises(UnreadableError, match="hidepid=invisible"):
        node.read()


def test_no_proc_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError):
        module.Views(tmp_path).read(None, None, 0)


def test_too_many_to_examine_are_a_lack_and_those_known_come_first(node, monkeypatch):
    monkeypatch.setattr(module, "_EXAMINED_MAX", 3)
    node.alive |= dict.fromkeys((60, 61), Answer.PROCESS)
    node.group("job", [60, 61])
    node.read()
    node.alive |= dict.fromkeys((50, 51, 52), Answer.PROCESS)
    node.group("job", [50, 51, 52, 60, 61])
    reading = node.read()

    assert {(s.pid, s.runs) for s in reading.suspects} >= {(60, 2), (61, 2)}
    assert len(reading.suspects) == 3
    assert "5 processes are disagreed on" in reading.views["proc"].lack


def test_what_cannot_be_read_is_a_lack(node, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    for where, name in [(module, "list_raw"), (module.cgroups, "read_members")]:
        monkeypatch.setattr(where, name, refuse)
    (node.root / "proc/loadavg").unlink()
    views = node.read().views

    assert {name for name, view in views.items() if view.lack} == {
        *("raw_listing", "cgroup", "kernel")
    }


def test_this_machine_as_it_is():
    """Nobody is hidden here, whatever begins and ends meanwhile."""
    views = module.Views(Path("/"))
    lasting = [s for _ in range(3) for s in views.read([os.getpid()], [os.getpid()], 500).suspects]

    assert [s for s in lasting if s.runs > 1] == []
