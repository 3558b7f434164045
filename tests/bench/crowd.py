"""Sleeping processes, so that this machine has as many as a busy node."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Forked, not executed, so that they are cheap; they end with their parent, whatever ends that.
_PROGRAM = """
import ctypes, os, signal, sys
library = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
parent = os.getpid()
children = []
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        while os.getppid() == parent:
            signal.pause()
        os._exit(0)
    children.append(child)
print(*children, flush=True)
sys.stdin.read()
for child in children:
    os.kill(child, signal.SIGKILL)
for child in children:
    os.waitpid(child, 0)
"""


def processes_now() -> int:
    """How many this machine has."""
    return sum(1 for entry in Path("/proc").iterdir() if entry.name.isdecimal())


@contextmanager
def crowd(total: int) -> Iterator[list[int]]:
    """Fill this machine up to `total` processes; yields the pids of those that were added."""
    added = total - processes_now() - 1
    if added < 1:
        raise SystemExit(f"this machine already has {total} processes or more")
    command = [sys.executable, "-S", "-c", _PROGRAM, str(added)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        yield [int(pid) for pid in parent.stdout.readline().split()]
        parent.stdin.close()
        parent.wait()
