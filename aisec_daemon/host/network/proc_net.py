"""/proc/PID/net/tcp and tcp6, see proc_pid_net(5): the sockets of a process's network namespace."""

from __future__ import annotations

import sys

from aisec_daemon.host.network.socket import TcpSocket, address

_FIELDS = 10
_WORD = 8  # hexadecimal digits


def parse_tcp(text: bytes) -> list[TcpSocket]:
    """Parse the table; ValueError if it is none. Sockets that belong to no process are left out."""
    lines = text.split(b"\n")
    if not lines[0].lstrip().startswith(b"sl"):
        raise ValueError("/proc/PID/net/tcp lacks its first line")
    sockets = (_parse_line(line.split()) for line in lines[1:] if line.strip())
    return [each for each in sockets if each.inode]


def _parse_line(fields: list[bytes]) -> TcpSocket:
    if len(fields) < _FIELDS:
        raise ValueError("/proc/PID/net/tcp lacks fields")
    local, _, local_port = fields[1].partition(b":")
    peer, _, peer_port = fields[2].partition(b":")
    return TcpSocket(
        int(fields[9]),
        int(fields[3], 16),
        address(_bytes(local)),
        int(local_port, 16),
        address(_bytes(peer)),
        int(peer_port, 16),
    )


def _bytes(digits: bytes) -> bytes:
    """Return the address: the kernel writes words of 32 bits as numbers of this machine."""
    if len(digits) not in (_WORD, 4 * _WORD):
        raise ValueError("/proc/PID/net/tcp has an address of no known kind")
    words = (digits[at : at + _WORD] for at in range(0, len(digits), _WORD))
    return b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
