"""Messages of the process connector."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.proc.events import (
    Event,
    Listen,
    What,
    parse_answer,
    parse_events,
    request,
)


def message(what: int, *data: int, index: int = 1, acknowledged: int = 0) -> bytes:
    event = struct.pack("=IIQ", what, 0, 0) + struct.pack(f"={len(data)}I", *data)
    event += bytes(max(0, 40 - len(event)))
    body = struct.pack("=IIIIHH", index, 1, 5, acknowledged, len(event), 0) + event
    return struct.pack("=IHHII", 16 + len(body), 3, 0, 0, 0) + body


def test_each_event_is_told_in_order() -> None:
    """Several messages may share a datagram."""
    datagram = message(2, 40, 40) + message(0x80000000, 41, 41, 0) + message(4, 42, 42, 0, 0)

    assert parse_events(datagram) == [
        Event(What.EXEC, 40),
        Event(What.EXIT, 41),
        Event(What.UID, 42),
    ]


def test_threads_and_strangers_are_no_noise() -> None:
    """The end of a thread is not that of its process; other users of the connector are ignored."""
    datagram = message(0x80000000, 43, 41) + message(1, 1, 1, 2, 2) + message(2, 9, 9, index=5)

    assert parse_events(datagram) == []


def test_an_exec_in_a_thread_is_one_of_the_process() -> None:
    """The kernel names thread and process; the process counts."""
    assert parse_events(message(2, 41, 40)) == [Event(What.EXEC, 40)]


def test_an_answer_carries_its_error() -> None:
    """EPERM, for one."""
    assert parse_events(message(0, 1)) == [Event(What.ANSWER, 1)]


def test_an_answer_is_told_from_that_to_another_and_from_events() -> None:
    """The kernel acknowledges with the request's number and one."""
    assert parse_answer(message(0, 1, acknowledged=78), 77) == 1
    assert parse_answer(message(0, 0, acknowledged=78), 77) == 0
    assert parse_answer(message(0, 0, acknowledged=77), 77) is None
    assert parse_answer(message(2, 0, acknowledged=78), 77) is None
    assert parse_answer(message(0, 0, acknowledged=78)[:40], 77) is None


def test_a_request_is_a_message_of_its_own_kind() -> None:
    """Its length is right, and its operation last."""
    asked = request(Listen.STOP, 77)

    assert struct.unpack_from("=IIII", asked, 16) == (1, 1, 0, 77)
    assert struct.unpack_from("=I", asked)[0] == len(asked) == 40
    assert asked[-4:] == struct.pack("=I", 2)


@given(st.binary(max_size=300), st.integers(0, 80))
def test_any_datagram_is_survived(noise: bytes, cut: int) -> None:
    """Whatever comes, and wherever it is cut short."""
    parse_events(noise)
    assert parse_events(message(2, 40, 40)[:cut]) in ([], [Event(What.EXEC, 40)])
