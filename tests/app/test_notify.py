"""What the service manager hears, and that a silent one stops nothing."""

from __future__ import annotations

import os
import select
import socket

import pytest

from aisec_daemon.app import notify as module
from aisec_daemon.app.notify import Watchdog, notify


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A service manager's socket."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield listener


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test turns."""
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def heard(manager):
    messages = []
    while select.select([manager], [], [], 0.0)[0]:
        messages.append(manager.recv(4096))
    return messages


def test_assignments_arrive_as_one_message(manager):
    assert notify("READY=1", "STATUS=metrics on 127.0.0.1:1")
    assert heard(manager) == [b"READY=1\nSTATUS=metrics on 127.0.0.1:1"]


def test_an_abstract_address_is_understood(monkeypatch):
    """sd_notify(3) writes the leading zero byte as @."""
    name = f"aisec-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

        assert notify("READY=1")
        assert listener.recv(64) == b"READY=1"


def test_without_a_manager_nothing_is_told(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    assert not notify("READY=1")


def test_a_socket_that_is_gone_raises_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    assert not notify("READY=1")


def test_a_manager_that_does_not_listen_is_not_waited_for(manager):
    """Its queue fills up; the loop must go on all the same."""
    assert not all(notify("WATCHDOG=1") for _ in range(10_000))


def test_the_watchdog_is_fed_twice_in_the_time_that_is_granted(manager, clock):
    watchdog = Watchdog({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())})
    for _ in range(120):  # thirty seconds of turns
        watchdog.feed()
        clock[0] += 0.25

    assert heard(manager) == [b"WATCHDOG=1", b"WATCHDOG=1"]


def test_the_first_turn_feeds_the_watchdog(manager):
    """Also on a machine that has been up for less than the time granted."""
    Watchdog({"WATCHDOG_USEC": "3600000000000"}).feed()

    assert heard(manager) == [b"WATCHDOG=1"]


def test_a_message_that_was_lost_is_sent_again_in_the_next_turn(manager, clock, monkeypatch):
    watchdog = Watchdog({"WATCHDOG_USEC": "30000000"})
    path = os.environ["NOTIFY_SOCKET"]
    monkeypatch.setenv("NOTIFY_SOCKET", f"{path}.gone")
    watchdog.feed()
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    watchdog.feed()

    assert heard(manager) == [b"WATCHDOG=1"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
    ],
    ids=["none", "of another process", "zero", "no number"],
)
def test_a_watchdog_that_is_not_ours_is_not_fed(manager, environment):
    Watchdog(environment).feed()

    assert heard(manager) == []
