"""What the kernel says of a number."""

from __future__ import annotations

import os
import subprocess
import threading
from errno import EINVAL, EPERM

import pytest

from aisec_daemon.host.views import kernel
from aisec_daemon.host.views.kernel import Answer, ask_group, ask_pidfd, best_probe
from tests.host.proc.tree import descriptors


@pytest.fixture
def thread():
    stop = threading.Event()
    worker = threading.Thread(target=stop.wait)
    worker.start()
    yield worker.native_id
    stop.set()
    worker.join()


def test_processes_and_threads_are_told_apart(thread):
    assert ask_pidfd(os.getpid()) is Answer.PROCESS
    assert ask_pidfd(thread) is Answer.THREAD


def test_what_has_ended_is_gone():
    child = subprocess.Popen(["true"])
    child.wait()

    assert ask_pidfd(child.pid) is ask_group(child.pid) is Answer.GONE


def test_the_older_call_tells_what_is_there(thread):
    assert ask_group(os.getpid()) is ask_group(thread) is Answer.ALIVE


def test_no_descriptor_stays_open():
    before = descriptors()
    ask_pidfd(os.getpid())

    assert descriptors() == before


@pytest.mark.parametrize(("code", "probe"), [(None, ask_pidfd), (EPERM, ask_group)])
def test_a_forbidden_call_is_done_without(monkeypatch, code, probe):
    def refuse(_: int) -> int:
        raise OSError(code, "refused")

    if code:
        monkeypatch.setattr(os, "pidfd_open", refuse)

    assert best_probe() is probe


def test_before_linux_6_16_a_thread_was_an_invalid_argument(monkeypatch):
    def refuse(_: int) -> int:
        raise OSError(EINVAL, "Invalid argument")

    monkeypatch.setattr(kernel.os, "pidfd_open", refuse)

    assert ask_pidfd(5) is Answer.THREAD
