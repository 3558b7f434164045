"""The label of a security module: /proc/PID/attr, see apparmor(7) and selinux(8)."""

from __future__ import annotations

import os
from errno import EINVAL, ENOENT

from aisec_daemon.host.redaction.redact import redact_name

_BYTES = 256  # the label of a stack of profiles can be longer; what it is shows at its beginning
_FILES = ("attr/apparmor/current", "attr/current")
_NONE = frozenset((EINVAL, ENOENT))


def read_label(directory: int) -> str | None:
    """Return the label of the process whose folder is open; "" without a module; OSError.

    AppArmor's is a profile and its mode, SELinux's a context; both come from whoever loaded them.
    """
    for name in _FILES:
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        except OSError as error:
            if error.errno in _NONE:
                continue
            raise
        try:
            raw = os.read(descriptor, _BYTES)
        except OSError as error:
            if error.errno in _NONE:
                continue
            raise
        finally:
            os.close(descriptor)
        label = raw.rstrip(b"\0\n ")
        if label:
            return redact_name(label)
    return ""
