"""sock_diag(7): the kernel's own list of TCP sockets, with the counts of tcp_info.

Layouts: include/uapi/linux/inet_diag.h and tcp.h. A kernel older than a field just sends less.
"""

from __future__ import annotations

import errno
import math
import os
import socket
import struct
import sys
from collections.abc import Collection, Generator, Iterator

from aisec_daemon.host.network.socket import LISTEN, TcpSocket, address

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST_ONE, _REQUEST_DUMP = 1, 0x301  # NLM_F_REQUEST; and NLM_F_ROOT, NLM_F_MATCH
_NO_COOKIE = 0xFFFFFFFF
_ERROR, _DONE = 2, 3
_INTERRUPTED = 0x10  # NLM_F_DUMP_INTR
_INFO = 2  # INET_DIAG_INFO
ALL_STATES = ~(1 << 3 | 1 << 6 | 1 << 7 | 1 << 12) & 0x1FFF  # not those of no process
LISTENING = 1 << LISTEN

_HEAD = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI48x")
_ATTRIBUTE = struct.Struct("=HH")
_PORTS = struct.Struct(">HH")
_MESSAGE_BYTES = 72  # of inet_diag_msg
_INODE = 68
# Places in tcp_info: milliseconds since data was sent and received; bytes acknowledged, received,
# sent, sent again.
_SENT_AGE, _RECEIVED_AGE, _ACKED, _RECEIVED, _SENT, _AGAIN = 44, 52, 120, 128, 200, 208
_LENGTHS = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}  # of addresses
_RECEIVE_BYTES = 1 << 18
_TIMEOUT_SECONDS = 2.0


def dump(
    families: Collection[int] = (socket.AF_INET, socket.AF_INET6), states: int = ALL_STATES
) -> Iterator[bytes]:
    """Yield every TCP socket of our network namespace, as the kernel's messages; OSError.

    `states` has a bit for each state that is wanted. tcp_info is asked for unless only listening
    sockets are: they have none worth the bytes.
    """
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, _NETLINK_SOCK_DIAG) as diag:
        diag.settimeout(_TIMEOUT_SECONDS)
        diag.bind((0, 0))
        for number, family in enumerate(families, 1):
            wanted = 0 if states == LISTENING else 1 << (_INFO - 1)
            body = _REQUEST.pack(family, socket.IPPROTO_TCP, wanted, states)
            size = _HEAD.size + len(body)
            diag.send(_HEAD.pack(size, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, number, 0) + body)
            while True:
                datagram = diag.recv(_RECEIVE_BYTES)
                done = yield from messages(datagram)
                if done:
                    break


def state(family: int, here: tuple[bytes, int], there: tuple[bytes, int]) -> int:
    """Return the state of the one socket of our namespace that has these two ends; OSError.

    An end is an address (4 or 16 bytes) and a port. If there is none but somebody listens at
    `here`, it is that one's: LISTEN. ENOENT if there is none at all.
    """
    ends = _PORTS.pack(here[1], there[1]) + here[0].ljust(16, b"\0") + there[0].ljust(16, b"\0")
    fixed = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, ALL_STATES | 1 << 3 | 1 << 12)
    body = fixed + ends + struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, _NETLINK_SOCK_DIAG) as diag:
        diag.settimeout(_TIMEOUT_SECONDS)
        diag.bind((0, 0))
        head = _HEAD.pack(_HEAD.size + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST_ONE, 1, 0)
        diag.send(head + body)
        for message in messages(diag.recv(_RECEIVE_BYTES)):
            return message[1]
    raise FileNotFoundError(errno.ENOENT, "no such socket")


def messages(datagram: bytes) -> Generator[bytes, None, bool]:
    """Yield the sockets' messages of a datagram; return whether it was the last one.

    OSError if it brings the kernel's refusal, or is none.
    """
    start, end = 0, len(datagram)
    while start + _HEAD.size <= end:
        size, kind, _, _, _ = _HEAD.unpack_from(datagram, start)
        if size < _HEAD.size or start + size > end:
            break
        if kind in (_DONE, _ERROR):
            _raise_error(datagram[start + _HEAD.size : start + size])
            return True
        if kind == _SOCK_DIAG_BY_FAMILY and size >= _HEAD.size + _MESSAGE_BYTES:
            yield datagram[start + _HEAD.size : start + size]
        start += (size + 3) & ~3
    if start < end or not datagram:
        raise OSError(errno.EBADMSG, "the kernel's answer is cut off")
    return False


def inode(message: bytes) -> int:
    """Return the inode that a message is about."""
    return int.from_bytes(message[_INODE:_MESSAGE_BYTES], sys.byteorder)


def parse(message: bytes) -> TcpSocket:
    """Parse the message about one socket; ValueError if it is none."""
    if len(message) < _MESSAGE_BYTES:
        raise ValueError("the message about a socket is cut off")
    family, state = message[0], message[1]
    length = _LENGTHS.get(family)
    if length is None:
        raise ValueError("the message is about no socket of the Internet")
    local_port, peer_port = _PORTS.unpack_from(message, 4)
    sent, received, sent_age, received_age = _counts(_attribute(message, _INFO))
    return TcpSocket(
        inode(message),
        state,
        address(message[8 : 8 + length]),
        local_port,
        address(message[24 : 24 + length]),
        peer_port,
        sent,
        received,
        sent_age,
        received_age,
        "proc" if math.isnan(received) else "tcp_info",
    )


def _counts(info: bytes) -> tuple[float, float, float, float]:
    """Return bytes sent and received and the ages of both; no age of what never was.

    Bytes sent are those of the program, without those sent again. Before Linux 4.19 only the
    acknowledged ones are told, one of which is the connection's own beginning.
    """
    sent = _number(info, _SENT, "=Q") - _number(info, _AGAIN, "=Q")
    if math.isnan(sent):
        sent = _number(info, _ACKED, "=Q")
    received = _number(info, _RECEIVED, "=Q")
    sent_age = _number(info, _SENT_AGE, "=I") / 1e3 if sent else math.nan
    received_age = _number(info, _RECEIVED_AGE, "=I") / 1e3 if received else math.nan
    return sent, received, sent_age, received_age


def _attribute(message: bytes, wanted: int) -> bytes:
    """Return one attribute behind the fixed part; empty if it is not there."""
    start = _MESSAGE_BYTES
    while start + _ATTRIBUTE.size <= len(message):
        size, kind = _ATTRIBUTE.unpack_from(message, start)
        if size < _ATTRIBUTE.size or start + size > len(message):
            break
        if kind == wanted:
            return message[start + _ATTRIBUTE.size : start + size]
        start += (size + 3) & ~3
    return b""


def _number(info: bytes, place: int, form: str) -> float:
    if len(info) < place + struct.calcsize(form):
        return math.nan
    return float(struct.unpack_from(form, info, place)[0])


def _raise_error(body: bytes) -> None:
    """Raise what NLMSG_ERROR or NLMSG_DONE tells of, if it does."""
    if len(body) < 4:  # noqa: PLR2004 - of an int
        return
    number = -struct.unpack_from("=i", body)[0]
    if number > 0:
        raise OSError(number, os.strerror(number))
