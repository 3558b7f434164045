"""Reading a pseudo-file whole, without asking for its size, up to a limit."""

from __future__ import annotations

import os

_CHUNK_BYTES = 65536


def slurp(name: str, limit_bytes: int, directory: int | None = None) -> bytes:
    """Read a file of procfs, of which a folder may be open; OSError."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return slurp_open(descriptor, limit_bytes)
    finally:
        os.close(descriptor)


def slurp_open(descriptor: int, limit_bytes: int) -> bytes:
    """Read an open file; OSError."""
    parts: list[bytes] = []
    size = 0
    while size < limit_bytes:
        part = os.read(descriptor, min(_CHUNK_BYTES, limit_bytes - size))
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)
