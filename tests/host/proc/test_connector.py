"""The thread that listens to the process connector."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from errno import EACCES, ENOBUFS, EPERM
from pathlib import Path

import pytest

from aisec_daemon.host.proc import connector as module
from aisec_daemon.host.proc.connector import Connector, listen
from aisec_daemon.host.proc.events import Event, What
from aisec_daemon.host.tally import Tally
from tests.host.proc.test_events import message


class Wire:
    """A socket whose messages, and their senders, are the test's."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.error: OSError | None = None
        self.sender = 0
        self.sent: list[bytes] = []

    def fileno(self) -> int:
        return self.ours.fileno()

    def recvfrom(self, size: int, flags: int) -> tuple[bytes, tuple[int, int]]:
        datagram = self.ours.recv(size, flags)
        if self.error:
            error, self.error = self.error, None
            raise error
        return datagram, (self.sender, 1)

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not true() and time.monotonic() < deadline:
        time.sleep(0.002)
    assert true()


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_events_are_handed_on_until_it_is_closed(wire: Wire) -> None:
    """Then the kernel is told, and the thread has ended promptly."""
    events: list[Event] = []
    connector = Connector(lambda: wire, events.extend, lambda: None, Tally())
    wire.theirs.send(message(2, 40, 40))
    until(lambda: events)
    begin = time.monotonic()
    connector.close()
    connector.close()

    assert (events, connector.error) == ([Event(What.EXEC, 40)], "")
    assert wire.sent[-1][-4:] == (2).to_bytes(
        4, "little" if os.sys.byteorder == "little" else "big"
    )
    assert time.monotonic() - begin < 5


def test_lost_events_are_counted_and_told(wire: Wire) -> None:
    """And it goes on."""
    lost: list[bool] = []
    events: list[Event] = []
    tally = Tally()
    connector = Connector(lambda: wire, events.extend, lambda: lost.append(True), tally)
    wire.error = OSError(ENOBUFS, "no buffer space")
    wire.theirs.send(b"x")
    wire.theirs.send(message(2, 40, 40))
    until(lambda: events)
    connector.close()

    assert lost == [True]
    assert ("connector", "recv", "ENOBUFS") in [call for call, *_ in tally.rows()]


def test_another_failure_ends_it_and_says_so(wire: Wire) -> None:
    """Being deaf is not being quiet."""
    connector = Connector(lambda: wire, print, lambda: None, Tally())
    wire.error = OSError(EPERM, "not permitted")
    wire.theirs.send(b"x")
    until(lambda: connector.error)
    connector.close()

    assert connector.error == "the process connector failed: not permitted"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_ends_it_and_says_so(wire: Wire) -> None:
    def fail(_: list[Event]) -> None:
        raise RuntimeError("broken")

    connector = Connector(lambda: wire, fail, lambda: None, Tally())
    wire.theirs.send(message(2, 40, 40))
    until(lambda: connector.error)
    connector.close()

    assert connector.error == "the thread of the process connector ended"


def test_only_the_kernel_is_believed(wire: Wire) -> None:
    """Others may send to a netlink socket, too."""
    events: list[Event] = []
    connector = Connector(lambda: wire, events.extend, lambda: None, Tally())
    wire.sender = 4711
    wire.theirs.send(message(2, 40, 40))
    until(lambda: not select_ready(wire))
    connector.close()

    assert events == []


def select_ready(wire: Wire) -> bool:
    try:
        wire.ours.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return True


def test_missing_permission_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what is missing."""

    def refuse(_: socket.socket) -> None:
        raise PermissionError(EPERM, "Operation not permitted")

    monkeypatch.setattr(module, "_subscribe", refuse)
    connector = Connector(lambda: listen(Path("/")), print, lambda: None, Tally())
    connector.close()

    assert "CAP_NET_ADMIN" in connector.error
    assert "between two scans" in connector.error


def test_a_kernel_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a pid namespace of one's own."""

    def wait(_: socket.socket) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(module, "_subscribe", wait)
    connector = Connector(lambda: listen(Path("/")), print, lambda: None, Tally())

    assert "first pid and user namespace" in connector.error


class Flood:
    """A socket on which others' events never end; the test's own messages come first."""

    def __init__(self, *first: bytes | OSError) -> None:
        self.first = list(first)
        self.sender = 0
        self.timeouts: list[float] = []

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def recvfrom(self, _: int) -> tuple[bytes, tuple[int, int]]:
        time.sleep(0.001)
        told = self.first.pop(0) if self.first else message(2, 40, 40)
        if isinstance(told, OSError):
            raise told
        return told, (self.sender, 1)


def test_events_of_others_do_not_prolong_the_wait_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a container the kernel sends what others asked for, and never answers."""
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.1)
    flood = Flood(message(0, 0, acknowledged=5), OSError(ENOBUFS, "no buffer space"))
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        module._await_answer(flood, 77)

    assert 0.1 <= time.monotonic() - begin < 5
    assert len(flood.timeouts) > 2
    assert max(flood.timeouts) <= 0.1


def test_an_answer_is_found_among_events() -> None:
    """Also when some of them were dropped."""
    lost = OSError(ENOBUFS, "no buffer space")
    module._await_answer(Flood(lost, message(2, 1, 1), message(0, 0, acknowledged=78)), 77)

    with pytest.raises(PermissionError):
        module._await_answer(Flood(message(0, EACCES, acknowledged=78)), 77)


def test_an_answer_that_is_not_the_kernels_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any process may send to a netlink socket."""
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.05)
    flood = Flood(*[message(0, 0, acknowledged=78)] * 3)
    flood.sender = 4711
    with pytest.raises(TimeoutError):
        module._await_answer(flood, 77)
