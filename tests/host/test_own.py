"""What the daemon costs, its children included."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aisec_daemon.host import own
from aisec_daemon.host.own import Own


@pytest.fixture
def burnt():
    """A child that has used memory and CPU, and waits."""
    burn = "x = bytearray(50_000_000); print(sum(range(3_000_000)), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        yield child
        child.kill()


def test_a_child_is_counted_until_it_ends_and_its_cpu_after_that(burnt):
    reader = Own()
    before = reader.read()
    burnt.communicate(b"\n")
    after = reader.read()

    assert before.child_memory_bytes > after.child_memory_bytes + 40_000_000
    assert 0.02 < before.child_cpu_seconds <= after.child_cpu_seconds
    assert before.memory_bytes == before.own_memory_bytes + before.child_memory_bytes
    assert before.cpu_seconds == before.own_cpu_seconds + before.child_cpu_seconds


def test_what_the_daemon_itself_spends_is_its_own():
    reader = Own()
    before = reader.read()
    sum(range(3_000_000))
    after = reader.read()

    assert after.own_cpu_seconds - before.own_cpu_seconds > 0.02
    assert after.own_memory_bytes > 10_000_000


def test_cpu_never_goes_back_while_a_child_has_ended_and_is_not_yet_waited_for(burnt, monkeypatch):
    reader = Own()
    before = reader.read()
    monkeypatch.setattr(own, "_children", lambda pid: [])

    assert reader.read().child_cpu_seconds == before.child_cpu_seconds


def test_without_a_share_it_is_the_resident_size(monkeypatch):
    monkeypatch.setattr(own.Path, "read_text", unreadable)

    assert own._memory_bytes(os.getpid()) > 10_000_000


def unreadable(*_, **__):
    raise PermissionError
