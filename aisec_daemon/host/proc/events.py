"""Messages of the process connector, see Documentation/driver-api/connector.rst.

A datagram of NETLINK_CONNECTOR holds netlink messages (struct nlmsghdr, linux/netlink.h), each with
a connector message (struct cn_msg, linux/connector.h), each with an event (struct proc_event,
linux/cn_proc.h), all in the machine's byte order.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

NETLINK_CONNECTOR = 11
CN_IDX_PROC = 1
CN_VAL_PROC = 1

_NLMSG = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_CN = struct.Struct("=IIIIHH")  # index, value, sequence, acknowledged, length, flags
_EVENT = struct.Struct("=IIQ")  # what, cpu, nanoseconds since boot
_PROCESS = struct.Struct("=II")  # thread id, process id: how exec, exit and uid begin
_ERROR = struct.Struct("=I")
_NLMSG_DONE = 3
_DATA = _NLMSG.size + _CN.size + _EVENT.size

WHAT_OFFSET = _NLMSG.size + _CN.size  # for a filter in the kernel
THREAD_OFFSET = _DATA
PROCESS_OFFSET = _DATA + 4


class What(IntEnum):
    """The events that are understood; values of enum proc_event."""

    ANSWER = 0x00000000
    EXEC = 0x00000002
    UID = 0x00000004
    EXIT = 0x80000000


class Listen(IntEnum):
    """What the connector is asked for; values of enum proc_cn_mcast_op."""

    START = 1
    STOP = 2


class Event(NamedTuple):
    """What happened to which process; an answer has an error number, or 0, for a pid."""

    what: What
    pid: int


def request(operation: Listen, number: int = 0) -> bytes:
    """Message that asks the kernel to start or to stop; `number` marks the answer to it."""
    body = _CN.pack(CN_IDX_PROC, CN_VAL_PROC, 0, number, 4, 0) + struct.pack("=I", operation)
    return _NLMSG.pack(_NLMSG.size + len(body), _NLMSG_DONE, 0, 0, 0) + body


def parse_answer(datagram: bytes, number: int) -> int | None:
    """Return the error number, or 0, of the answer to the request of this number; None for others.

    Answers go to all who listen: another's must not be taken for ours. The kernel counts the
    sequence itself and acknowledges with the request's number and one.
    """
    if len(datagram) < _DATA + _ERROR.size:
        return None
    index, value, _, acknowledged, *_ = _CN.unpack_from(datagram, _NLMSG.size)
    what = _EVENT.unpack_from(datagram, WHAT_OFFSET)[0]
    if (index, value, acknowledged, what) != (CN_IDX_PROC, CN_VAL_PROC, number + 1, What.ANSWER):
        return None
    return int(_ERROR.unpack_from(datagram, _DATA)[0])


def parse_events(datagram: bytes) -> list[Event]:
    """Return the events of a datagram in their order; those of single threads are left out.

    What is cut short or unknown ends or is left out, too: kernels add events.
    """
    events = []
    start = 0
    while start + _DATA + _PROCESS.size <= len(datagram):
        length = _NLMSG.unpack_from(datagram, start)[0]
        event = _event(datagram, start)
        if event is not None:
            events.append(event)
        if length < _NLMSG.size:
            break
        start += (length + 3) & ~3
    return events


def _event(datagram: bytes, start: int) -> Event | None:
    index, value, *_ = _CN.unpack_from(datagram, start + _NLMSG.size)
    what = _EVENT.unpack_from(datagram, start + WHAT_OFFSET)[0]
    if (index, value) != (CN_IDX_PROC, CN_VAL_PROC):
        return None
    if what == What.ANSWER:
        return Event(What.ANSWER, _ERROR.unpack_from(datagram, start + _DATA)[0])
    thread, process = _PROCESS.unpack_from(datagram, start + _DATA)
    if what in (What.EXEC, What.UID) or (what == What.EXIT and thread == process):
        return Event(What(what), process)
    return None
