"""Who may give orders to CUDA's Multi-Process Service: the rights of its control pipe."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from aisec_daemon.host.posture.descend import enter, look

_DEFAULT = b"/tmp/nvidia-mps"  # CUDA's default
_VARIABLE = re.compile(rb"(?:^|\0)CUDA_MPS_PIPE_DIRECTORY=(/[^\0]{1,1024})(?:\0|$)")
_ENVIRON_BYTES = 256 << 10
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_SERVICE = "nvidia-cuda-mps"  # comm of control daemon and servers, cut at 15 characters


def is_service(name: str) -> bool:
    """Say whether a process is called like MPS."""
    return name.startswith(_SERVICE)


def pipe_directory(environ: bytes) -> bytes:
    """Return where the service has its pipes, by its environment."""
    found = _VARIABLE.search(environ)
    return found[1] if found else _DEFAULT


def read_pipes(roots: Iterable[Path], services: Iterable[Path]) -> str | None:
    """Return "others" if any user may write a control pipe, "private", "" if there is none.

    None if it cannot be told. `roots` are places where the host's files may be; `services` folders
    of MPS's processes in /proc.
    """
    found = [_rights(root, _DEFAULT) for root in roots]
    for service in services:
        try:
            with (service / "environ").open("rb") as file:
                environ = file.read(_ENVIRON_BYTES)
        except OSError:
            found.append(None)
            continue
        found.append(_rights(service / "root", pipe_directory(environ)))
    known = [each for each in found if each is not None]
    return max(known, key=("", "private", "others").index) if known else None


def _rights(root: Path, folder: bytes) -> str | None:
    """Tell of the control pipe in one folder: others, private, "" if there is none; else None."""
    try:
        opened = os.open(root, _DIRECTORY)
    except OSError:
        return None
    try:
        return _look(opened, folder)
    except FileNotFoundError:
        return ""
    except OSError:
        return None
    finally:
        os.close(opened)


def _look(root: int, folder: bytes) -> str:
    """Look at the pipe; FileNotFoundError if there is none, OSError if that cannot be told."""
    above, _, name = folder.rpartition(b"/")
    try:
        outer = enter(root, above)
    except FileNotFoundError as error:
        raise NotADirectoryError("a part of a host, without that folder") from error
    try:
        place = enter(outer, name)
    finally:
        os.close(outer)
    try:
        reached = os.stat(b".", dir_fd=place).st_mode & stat.S_IXOTH
        open_to_all = look(place, b"control").st_mode & stat.S_IWOTH
    finally:
        os.close(place)
    return "others" if reached and open_to_all else "private"
