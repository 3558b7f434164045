"""Which NVIDIA Container Toolkit is installed: dpkg's list, else the name of its library."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from aisec_daemon.host.redaction.redact import redact_name

_STATUS = "var/lib/dpkg/status"
_STATUS_BYTES = 32 << 20
_PACKAGES = (b"nvidia-container-toolkit", b"nvidia-container-toolkit-base", b"libnvidia-container1")
_STANZA = re.compile(rb"^Package: (%s)$" % b"|".join(_PACKAGES), re.MULTILINE)
_INSTALLED = re.compile(rb"^Status: \S+ ok installed$", re.MULTILINE)
_VERSION = re.compile(rb"^Version: (?:\d+:)?(\d+(?:\.\d+){1,3}(?:~rc\.\d+)?)", re.MULTILINE)
_LIBRARY = re.compile(rb"libnvidia-container\.so\.(\d+\.\d+\.\d+)")
_FOLDERS = (
    *(b"usr/lib/x86_64-linux-gnu", b"usr/lib/aarch64-linux-gnu", b"usr/lib64", b"usr/lib"),
    *(b"usr/local/nvidia/toolkit", b"run/nvidia/toolkit"),
)
"""Packages of Debian, of Fedora's kin, and where the GPU Operator puts it."""


def read_toolkit(roots: tuple[Path, ...]) -> str | None:
    """Return the version, "" if there is none, None if that cannot be told.

    `roots` are places where the host's files may be; the first that has any is asked. What rpm
    knows is told by the library's name.
    """
    for root in roots:
        base = os.fsencode(root)
        if os.path.isdir(base + b"/usr"):  # noqa: PTH112 - bytes
            return _by_dpkg(base) or _by_library(base)
    return None


def parse_dpkg(text: bytes) -> str:
    """Return the toolkit's version of a dpkg status, "" if it is not installed."""
    for found in _STANZA.finditer(text):
        stanza = text[found.start() :].partition(b"\n\n")[0]
        version = _VERSION.search(stanza)
        if version and _INSTALLED.search(stanza):
            return redact_name(version[1])
    return ""


def _by_dpkg(base: bytes) -> str:
    with suppress(OSError), (Path(os.fsdecode(base)) / _STATUS).open("rb") as file:
        return parse_dpkg(file.read(_STATUS_BYTES))
    return ""


def _by_library(base: bytes) -> str | None:
    """Return the newest version by which a library is called; None if no folder can be listed."""
    listed, found = False, []
    for folder in _FOLDERS:
        with suppress(OSError):
            names = os.listdir(base + b"/" + folder)  # noqa: PTH208 - bytes
            listed = True
            found += [match[1] for name in names if (match := _LIBRARY.fullmatch(name))]
    if not found:
        return "" if listed else None
    newest = max(found, key=lambda text: tuple(map(int, text.split(b"."))))
    return newest.decode()
