"""/proc/PID/maps, see proc_pid_maps(5)."""

from __future__ import annotations

import os
import re

# From the right to execute on: it begins with a letter that few lines hold, which makes it quick.
_LOADED = re.compile(rb"x[ps] [0-9a-f]{8,16} [0-9a-f:]{5,12} \d+ +(/[^\n]+)")
# Where the kernel has the page for old system calls it is the last line, and nobody can map there:
# whoever reads on is told nothing more.
_GATE = b"ffffffffff600000-"
_CHUNK_BYTES = 65536  # the kernel gives no more than a page at a time, whatever is asked for


def parse_maps(text: bytes) -> frozenset[bytes]:
    r"""Return the files that are mapped, as the kernel writes their paths (a newline as `\012`).

    Addresses, rights and devices hold no slash, so that the first one of a line begins the path;
    a file that is gone ends in " (deleted)", a memfd begins with "/memfd:".
    """
    return frozenset(line[line.index(b"/") :] for line in text.split(b"\n") if b"/" in line)


def parse_loaded(text: bytes) -> frozenset[bytes]:
    """Return the files of which a part is mapped to be executed, as a library's code is.

    Who only looks at a library's file (a file manager, a backup) maps none of it so. A file whose
    name looks like such a line counts as what it looks like.
    """
    return frozenset(_LOADED.findall(text))


def read_maps(directory: int, limit_bytes: int) -> tuple[frozenset[bytes], int]:
    """Read the maps of the process whose folder is open; return its files and the bytes read.

    What lies behind `limit_bytes` is left out. OSError.
    """
    text, size = slurp_maps("maps", limit_bytes, directory)
    return parse_maps(text), size


def slurp_maps(file: str, limit_bytes: int, directory: int | None = None) -> tuple[bytes, int]:
    """Return maps as the kernel writes them, without a line cut in half, and what was read.

    OSError.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    parts: list[bytes] = []
    size = 0
    try:
        while size < limit_bytes:
            part = os.read(descriptor, _CHUNK_BYTES)
            if not part:
                return b"".join(parts), size
            parts.append(part)
            size += len(part)
            if part.startswith(_GATE, part.rfind(b"\n", 0, -1) + 1):
                return b"".join(parts), size
    finally:
        os.close(descriptor)
    return b"".join(parts).rpartition(b"\n")[0], size
