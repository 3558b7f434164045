"""A file system that does not answer holds nobody up for long."""

from __future__ import annotations

import os
import threading
import time

import pytest

from aisec_daemon.host.workload import patience as module
from aisec_daemon.host.workload.patience import Patience
from aisec_daemon.host.workload.surroundings import Answer, Surroundings
from tests.host.proc.tree import descriptors
from tests.host.workload.node import SITE, loaded

ANSWER = Answer(None, "", ("torch 2",), (), 0)


class Slow:
    """Answers when it is let; `asked` counts."""

    def __init__(self):
        self.go = threading.Event()
        self.asked = 0
        self.turns = 0

    def turn(self):
        self.turns += 1

    def ask(self, directory, question):
        self.asked += 1
        assert os.fstat(directory)
        if question == "error":
            raise OSError(5, "broken")
        if question == "hang":
            assert self.go.wait(30)
        return ANSWER


@pytest.fixture
def made():
    return []


@pytest.fixture
def patience(made):
    def make():
        made.append(Slow())
        return made[-1]

    yield Patience(make, seconds=0.2)
    for each in made:
        each.go.set()


@pytest.fixture
def folder():
    descriptor = os.open("/proc/self", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_an_answer_is_given_and_an_error_raised(patience, made, folder):
    before = descriptors()

    assert patience.ask(folder, "x") == ANSWER
    with pytest.raises(OSError, match="broken"):
        patience.ask(folder, "error")
    assert patience.ask(folder, "x") == ANSWER
    patience.turn()
    assert (len(made), made[0].asked, made[0].turns) == (1, 3, 1)
    assert descriptors() == before


def test_who_hangs_is_left_behind_and_others_are_asked_by_another(patience, made, folder):
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        patience.ask(folder, "hang")

    assert time.monotonic() - begun < 5
    assert patience.ask(folder, "x") == ANSWER
    assert len(made) == 2


def test_too_many_that_hang_are_waited_for_no_more_until_one_returns(patience, made, folder):
    for _ in range(module._LEFT_MAX):
        with pytest.raises(TimeoutError):
            patience.ask(folder, "hang")
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(TimeoutError, match="too many"):
            patience.ask(folder, "x")
    assert time.monotonic() - begun < 0.2
    assert len(made) == module._LEFT_MAX
    made[0].go.set()
    end = time.monotonic() + 10
    while patience._left[0].busy and time.monotonic() < end:
        time.sleep(0.01)

    assert patience.ask(folder, "x") == ANSWER


def test_a_workload_whose_files_are_late_is_found_without_them_and_looked_at_again(
    node, monkeypatch
):
    node.python(7, "/srv/x.py", maps=loaded(f"{SITE}/torch/lib/libc10.so"))
    late = [True]

    def ask(self, directory, question):
        if late[0]:
            raise TimeoutError
        return ANSWER

    monkeypatch.setattr(Patience, "ask", ask)
    (asset,) = node.assets()
    assert (asset.frameworks, asset.group.script) == ((), "/srv/x.py")
    assert ("workload", "files", "late") in [tuple(call) for call, _, _ in node.tally.rows()]
    late[0] = False
    (asset,) = node.assets()

    assert asset.frameworks == ("torch 2",)
    assert isinstance(node.host.workloads._examiner._surroundings._make(), Surroundings)
