"""The label of a security module: /proc/PID/attr, see apparmor(7) and selinux(8)."""

from __future__ import annotations

import os
from errno import EINVAL

from aisec_daemon.host.redaction.redact import redact_name

_BYTES = 256  # the label of a stack of profiles can be longer; what it is shows at its beginning
_FILES = ("attr/apparmor/current", "attr/current")


def read_label(directory: int) -> str | None:
    """Return the label of the process whose folder is open; "" without a module; OSError.

    None if there is no file to tell it. AppArmor's is a profile and its mode, SELinux's a context;
    both come from whoever loaded them.
    """
    told = None
    for name in _FILES:
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        except FileNotFoundError:
            continue
        told = _read(descriptor)
        if told:
            return redact_name(told)
    return None if told is None else ""


def _read(descriptor: int) -> bytes:
    """Read a label and close its file; empty where there is no module."""
    try:
        return os.read(descriptor, _BYTES).rstrip(b"\0\n ")
    except OSError as error:
        if error.errno != EINVAL:
            raise
        return b""
    finally:
        os.close(descriptor)
