"""What the kernel may drop of the process connector's events before they cost anything.

A program of the classic packet filter, see Documentation/networking/filter.rst; it loads words in
network order.
"""

from __future__ import annotations

import ctypes
import socket
import struct

from aisec_daemon.host.proc.events import PROCESS_OFFSET, THREAD_OFFSET, WHAT_OFFSET, What

_SO_ATTACH_FILTER = 26


def attach_filter(connector: socket.socket) -> None:
    """Let the kernel drop what would be thrown away here: forks, and what single threads do."""
    load, equal, equal_x, to_x, answer = 0x20, 0x15, 0x1D, 0x07, 0x06
    wanted = [socket.htonl(what) for what in (What.ANSWER, What.EXEC, What.UID, What.EXIT)]
    program = [
        (load, 0, 0, WHAT_OFFSET),
        (equal, 7, 0, wanted[0]),
        (equal, 6, 0, wanted[1]),
        (equal, 5, 0, wanted[2]),
        (equal, 0, 5, wanted[3]),
        (load, 0, 0, THREAD_OFFSET),
        (to_x, 0, 0, 0),
        (load, 0, 0, PROCESS_OFFSET),
        (equal_x, 0, 1, 0),
        (answer, 0, 0, 0xFFFFFFFF),
        (answer, 0, 0, 0),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    pointer = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    connector.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)
