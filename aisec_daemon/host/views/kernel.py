"""The pids that the kernel answers for, asked one by one and past /proc.

pidfd_open(2) needs no right over the process and tells processes and threads apart. Where it is
missing (before Linux 5.3) or forbidden, getpgid(2) tells at least what is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum
from errno import EINVAL, EMFILE, ENFILE, ENOENT, ESRCH


class Answer(Enum):
    """What the kernel says of a number."""

    GONE = "gone"
    PROCESS = "process"
    THREAD = "thread"
    ALIVE = "alive"  # process or thread: not told apart


Probe = Callable[[int], Answer]


def best_probe() -> Probe:
    """Return the best way of asking that this kernel and our sandbox permit."""
    try:
        return ask_pidfd if ask_pidfd(os.getpid()) is Answer.PROCESS else ask_group
    except OSError:
        return ask_group


def ask_pidfd(pid: int) -> Answer:
    """Ask by opening the process; OSError if the call is missing or forbidden."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as error:
        if error.errno == ESRCH:
            return Answer.GONE
        if error.errno in {EINVAL, ENOENT}:  # ENOENT says so since Linux 6.16
            return Answer.THREAD
        if error.errno in {EMFILE, ENFILE}:
            return ask_group(pid)
        raise
    os.close(descriptor)
    return Answer.PROCESS


def ask_group(pid: int) -> Answer:
    """Ask for its process group."""
    try:
        os.getpgid(pid)
    except ProcessLookupError:
        return Answer.GONE
    except OSError:  # a security module refuses: it is there
        return Answer.ALIVE
    return Answer.ALIVE
