"""The pids that /proc lists: through libc's readdir(3), and by getdents64(2) without it.

A library that was preloaded into this process can leave out names of the first, not of the second.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from errno import ENOSYS
from functools import cache
from pathlib import Path

_GETDENTS64 = {  # asm/unistd.h of each architecture
    "x86_64": 217,
    "aarch64": 61,
    "riscv64": 61,
    "loongarch64": 61,
    "ppc64le": 202,
    "s390x": 220,
}
_BUFFER_BYTES = 1 << 16
_RECORD = struct.Struct("=QqHB")  # linux_dirent64: inode, offset, length of the record, type
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def parse_entries(buffer: bytes) -> list[bytes]:
    """Return the names in what getdents64 wrote; ValueError if its records do not fit it."""
    names = []
    at = 0
    while at < len(buffer):
        if len(buffer) - at < _RECORD.size:
            raise ValueError("a record of getdents64 is cut off")
        length = _RECORD.unpack_from(buffer, at)[2]
        if not _RECORD.size < length <= len(buffer) - at:
            raise ValueError("a record of getdents64 has no length")
        names.append(buffer[at + _RECORD.size : at + length].split(b"\0", 1)[0])
        at += length
    return names


def list_with_libc(proc: Path) -> frozenset[int]:
    """List the pids as other programs do; OSError."""
    names = os.listdir(proc)  # noqa: PTH208 - a Path for each would double the cost
    return frozenset(int(name) for name in names if name.isdecimal())


def list_raw(proc: Path) -> frozenset[int]:
    """List the pids with the system call itself; OSError, ValueError if the answer is none."""
    number = _GETDENTS64.get(platform.machine())
    if number is None:
        raise OSError(ENOSYS, f"the number of getdents64 on {platform.machine()} is not known")
    descriptor = os.open(proc, _OPEN)
    try:
        names: list[bytes] = []
        while block := _read(number, descriptor):
            names += parse_entries(block)
    finally:
        os.close(descriptor)
    return frozenset(int(name) for name in names if name.isdigit())


def _read(number: int, descriptor: int) -> bytes:
    buffer = ctypes.create_string_buffer(_BUFFER_BYTES)
    read = _syscall()(number, descriptor, buffer, ctypes.c_size_t(_BUFFER_BYTES))
    if read < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return buffer.raw[:read]


@cache
def _syscall() -> ctypes._NamedFuncPointer:
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    return call
