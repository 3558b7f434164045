"""Who holds a node of the driver, looked for within a budget."""

from __future__ import annotations

import os

import pytest

from aisec_daemon.host.program import holders as module
from aisec_daemon.host.program.holders import Holders


@pytest.fixture
def world(tree, processes, tally, monkeypatch):
    """Processes whose open files the test names; `read` lists whose were followed."""
    return World(tree, processes, tally, monkeypatch)


class World:
    def __init__(self, tree, processes, tally, monkeypatch):
        self.tree, self.processes, self.tally = tree, processes, tally
        self.links, self.read, self.sizes = {}, [], {}
        monkeypatch.setattr(module, "read_links", self._links)
        real = os.stat

        def stat(path, **more):
            found = real(path, **more)
            pid = str(path).split("/")[-2] if str(path).endswith("/fd") else ""
            if not pid.isdigit():
                return found
            return os.stat_result((*found[:6], self.sizes.get(int(pid), 3), *found[7:]))

        monkeypatch.setattr(module.os, "stat", stat)

    def add(self, *pids):
        for pid in pids:
            self.tree.add(pid)
            (self.tree.proc / f"{pid}/fd").mkdir()

    def holders(self, **limits):
        return Holders(self.tree.proc, self.processes, self.tally, **limits)

    def _links(self, folder):
        pid = int(folder.split("/")[-2])
        self.read.append(pid)
        return self.links.get(pid, [b"/dev/null"] * 3)


def pids(found):
    return [identity.pid for identity in found]


def test_a_holder_is_found_and_forgotten(world):
    world.add(1, 2)
    world.links[2] = [b"/dev/nvidiactl"]
    holders = world.holders()

    assert pids(holders.find()) == [2]
    assert pids(holders.find()) == [2]
    world.links[2], world.sizes[2] = [], 1
    assert pids(holders.find()) == []


def test_a_number_of_files_that_stays_is_not_read_again_until_it_is_time(world):
    world.add(1)
    holders = world.holders(turns_max=5)
    for _ in range(11):
        holders.find()

    assert len(world.read) == 3


def test_one_file_for_another_is_found_when_it_is_time(world):
    world.add(1)
    holders = world.holders(turns_max=3)
    holders.find()
    world.links[1] = [b"/dev/nvidia0"] * 3

    assert [pids(holders.find()) for _ in range(4)] == [[], [], [1], [1]]


def test_a_turn_is_bounded_and_all_are_reached(world):
    world.add(*range(1, 41))
    holders = world.holders(checks_max=10, links_max=12)
    holders.find()
    assert len(world.read) == 40
    world.read.clear()
    world.sizes = dict.fromkeys(range(1, 41), 4)
    turns = []
    for _ in range(10):
        holders.find()
        turns.append(len(world.read))
        world.read.clear()

    assert max(turns) == 4  # of three links each, until the budget is used up
    assert sum(turns) == 40


def test_new_processes_come_first(world):
    world.add(*range(1, 21))
    holders = world.holders(checks_max=3)
    holders.find()
    world.add(99)
    world.links[99] = [b"/dev/nvidia-uvm"]

    assert pids(holders.find()) == [99]


def test_kernel_threads_are_not_looked_at(world):
    world.tree.add(1, flags=0x00200000)
    holders = world.holders()
    holders.find()

    assert world.read == []


def test_a_refusal_is_counted_and_said(world, monkeypatch):
    world.add(1, 2)

    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "read_links", refuse)
    holders = world.holders()

    assert holders.find() == []
    assert holders.denied == 2
    assert [call.code for call, _, _ in world.tally.rows() if call.call == "fd"] == ["EACCES"]


def test_more_files_than_are_followed_are_counted_and_said(world, monkeypatch):
    """A node may be among the others, unless one was found."""
    monkeypatch.setattr(module, "LINKS_MAX", 3)
    world.add(1, 2)
    world.links[2] = [b"/dev/nvidia0"] * 3
    holders = world.holders()

    assert pids(holders.find()) == [2]
    assert holders.denied == 1
    assert [call.code for call, _, _ in world.tally.rows() if call.call == "fd"] == ["too many"]


def test_the_first_turn_is_bounded_too(world, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_LINKS", 6)
    world.add(*range(1, 11))
    holders = world.holders(checks_max=10, links_max=12)
    holders.find()
    assert (len(world.read), holders.denied) == (2, 8)
    while len(world.read) < 10:
        holders.find()

    assert holders.denied == 0
    assert sorted(world.read) == list(range(1, 11))


def test_a_pid_that_is_used_again_is_looked_at_anew(world):
    world.add(1)
    world.links[1] = [b"/dev/nvidia0"]
    holders = world.holders()
    assert pids(holders.find()) == [1]
    world.tree.stat(1, start=5000)
    world.links[1] = []
    world.processes.scan()

    assert pids(holders.find()) == []
