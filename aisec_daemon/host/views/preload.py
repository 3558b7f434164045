"""Libraries that were put before libc: for every program of the host, and into this process.

See ld.so(8). Which file answers a call is asked of the linker itself, so that a library shows
whatever it does to the environment.
"""

from __future__ import annotations

import ctypes
import os
import re
from contextlib import suppress
from pathlib import Path

from aisec_daemon.host.redaction.redact import redact_path

WATCHED = ("readdir", "readdir64", "open", "open64", "openat", "syscall", "kill", "getpgid")
"""Calls by which this process looks at others."""

_LIBC = re.compile(rb"(?:libc|libpthread)[.-].*|ld-musl-.*|libc\.musl-.*")
_SEPARATORS = re.compile(rb"[\s:]+")
_VARIABLES = (b"LD_PRELOAD=", b"LD_AUDIT=")


class _Found(ctypes.Structure):
    """Dl_info of dladdr(3)."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def parse_libraries(text: bytes) -> list[str]:
    """Return the libraries that ld.so.preload or LD_PRELOAD name; comments are left out."""
    lines = (line.partition(b"#")[0] for line in text.split(b"\n"))
    words = (word for line in lines for word in _SEPARATORS.split(line))
    return [redact_path(word) for word in words if word]


def parse_environment(text: bytes) -> list[str]:
    """Return the libraries that a process was started with, from /proc/PID/environ."""
    entries = text.split(b"\0")
    values = [e[len(v) :] for e in entries for v in _VARIABLES if e.startswith(v)]
    return [library for value in values for library in parse_libraries(value)]


def read_preloads(root: Path) -> dict[str, tuple[str, ...]]:
    """Return each library, and which of the watched calls of this process it answers."""
    found: dict[str, tuple[str, ...]] = {}
    for path, parse in [
        (root / "etc/ld.so.preload", parse_libraries),
        (Path("/proc/self/environ"), parse_environment),
    ]:
        with suppress(OSError):  # most hosts have no such file
            found |= dict.fromkeys(parse(path.read_bytes()), ())
    return found | answering()


def answering() -> dict[str, tuple[str, ...]]:
    """Return the files, other than libc and the program itself, that answer watched calls."""
    program = ctypes.CDLL(None)
    libc = _file(program, "gnu_get_libc_version")  # a hook has no reason to answer it
    found: dict[str, tuple[str, ...]] = {}
    for name in WATCHED:
        file = _file(program, name)
        if file is not None and not _expected(file, libc):
            path = redact_path(file)
            found[path] = (*found.get(path, ()), name)
    return found


def _file(program: ctypes.CDLL, name: str) -> bytes | None:
    """Return the file that answers a call, as dladdr(3) names it; None if none does."""
    where = program.dladdr
    where.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Found))
    info = _Found()
    try:
        address = ctypes.cast(getattr(program, name), ctypes.c_void_p)
    except AttributeError:  # musl has no readdir64
        return None
    return info.file if where(address, ctypes.byref(info)) and info.file else None


def _expected(file: bytes, libc: bytes | None) -> bool:
    """Tell libc, parts of it that lie beside it, and the program, which is named as called."""
    with suppress(OSError):
        if Path(os.fsdecode(file)).samefile("/proc/self/exe"):
            return True
    folder, _, name = file.rpartition(b"/")
    beside = libc is None or folder == libc.rpartition(b"/")[0]
    return not folder or (beside and bool(_LIBC.fullmatch(name)))
