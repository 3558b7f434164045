"""Asking in another network namespace, by a short-lived process that enters it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from aisec_daemon.host.probe.get import Target
from aisec_daemon.host.probe.recognition import Measured
from aisec_daemon.host.probe.services import Service
from aisec_daemon.host.proc.folder import open_folder
from aisec_daemon.host.proc.identity import ProcessIdentity

COMMAND = (sys.executable, "-I", "-m", "aisec_daemon.host.probe.child")

_SECONDS = 5.0  # to begin, to ask for a second, and to end


def measure_inside(
    proc: Path,
    identity: ProcessIdentity,
    where: Target,
    asked: Collection[Service],
    claimed: str,
) -> Measured:
    """Ask from the network namespace of a process; OSError, ValueError, SubprocessError."""
    namespace = _open(proc, identity)
    words = (str(namespace), where.address, str(where.port), str(where.link), claimed)
    try:
        done = subprocess.run(  # noqa: S603 - the command is the daemon's own
            (*COMMAND, *words, ",".join(each.name for each in asked)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(namespace,),
            timeout=_SECONDS,
            check=False,
        )
    finally:
        os.close(namespace)
    if done.returncode > 0:
        raise OSError(done.returncode, os.strerror(done.returncode))
    return Measured(**json.loads(done.stdout))


def _open(proc: Path, identity: ProcessIdentity) -> int:
    """Open the namespace of this very process, not of another one that bears its pid by now."""
    directory = open_folder(proc, identity)
    try:
        return os.open("ns/net", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    finally:
        os.close(directory)
