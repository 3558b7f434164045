"""Intake on loopback: datagrams whose lines are outputs."""

from __future__ import annotations

import ipaddress
import socket
import struct

from aisec_daemon.host.errors import UnreadableError

_SO_RXQ_OVFL = 40  # include/uapi/asm-generic/socket.h: how many datagrams the kernel dropped
_DATAGRAMS = 4096  # at most, a reading
_BYTES = 1 << 16
_BUFFER_BYTES = 1 << 20


class Intake:
    """A UDP socket on a loopback address; what comes faster than it is read is counted as dropped.

    Any process of this machine may send: outputs tell of a model, they prove nothing.
    """

    def __init__(self, address: str) -> None:
        family, host, port = _parsed(address)
        self.dropped = 0
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(0.0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        try:
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise UnreadableError("output", f"{address} cannot be listened on: {error}") from error

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    def read(self) -> list[bytes]:
        """Return the lines that came."""
        lines: list[bytes] = []
        for _ in range(_DATAGRAMS):
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_BYTES, socket.CMSG_SPACE(4))
            except BlockingIOError:
                break
            for level, kind, content in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
                    (self.dropped,) = struct.unpack("=I", content[:4])
            lines += data.split(b"\n")
        return lines

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def _parsed(address: str) -> tuple[socket.AddressFamily, str, int]:
    """Return family, host and port; UnreadableError if others than this machine could send."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        loopback = ipaddress.ip_address(host).is_loopback and port.isdecimal()
    except ValueError:
        loopback = False
    if not loopback:
        raise UnreadableError("output", f"{address} is no loopback address with a port")
    return (socket.AF_INET6 if ":" in host else socket.AF_INET), host, int(port)
