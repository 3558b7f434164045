"""Files of runtimes: root's own, regular, no larger than one reads, and below the host's root."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EFBIG, EINVAL

from aisec_daemon.host.beneath import find, reopen
from aisec_daemon.host.slurp import slurp_open

_BYTES_MAX = 4 << 20  # a bundle has some 10 kB, a list some 800 bytes a container


@contextmanager
def opened(root: int, path: bytes) -> Iterator[tuple[int, os.stat_result]]:
    """Open a file below the open folder `root`, and say what it is; OSError.

    What does not belong to the owner of `root` is refused: it may be a user's own words.
    """
    place = find(root, path)
    try:
        status = os.fstat(place.descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(EINVAL, "not a regular file")
        if status.st_uid != os.fstat(root).st_uid:
            raise PermissionError("the file is not root's")
        descriptor = reopen(place.descriptor)
    finally:
        os.close(place.descriptor)
    try:
        yield descriptor, status
    finally:
        os.close(descriptor)


def slurp(descriptor: int) -> bytes:
    """Read an open file; OSError, also if it is larger than 4 MiB."""
    text = slurp_open(descriptor, _BYTES_MAX + 1)
    if len(text) > _BYTES_MAX:
        raise OSError(EFBIG, os.strerror(EFBIG))
    return text


def read(root: int, path: bytes) -> bytes:
    """Read a file below the open folder `root`; OSError."""
    with opened(root, path) as (descriptor, _):
        return slurp(descriptor)
