"""The folder of procfs in which a process can be read: /proc/PID, or that of one of its threads.

A process lives on when its main thread ends before others do, pthread_exit(3). `/proc/PID` tells no
executable, command line, maps or open files of it then, as of a zombie, and ps calls it defunct;
`/proc/PID/task/TID` of a thread that goes on tells all of them, proc_pid_task(5).
"""

from __future__ import annotations

import os
from contextlib import suppress
from errno import ESRCH
from itertools import islice
from pathlib import Path

from aisec_daemon.host.proc.identity import ProcessIdentity
from aisec_daemon.host.proc.stat import STAT_BYTES, dead, read_start_ticks, split

_THREADS_MAX = 64  # asked whether they go on; all but the main one do, unless the process is ending
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def open_folder(proc: Path, identity: ProcessIdentity) -> int:
    """Open the folder of this very process; OSError, or ValueError if its stat is none.

    ProcessLookupError if another process bears the pid now.
    """
    process = os.open(proc / str(identity.pid), _DIRECTORY)
    try:
        _check(process, identity)
        if not identity.thread:
            return process
        thread = os.open(f"task/{identity.thread}", _DIRECTORY, dir_fd=process)
    except BaseException:
        os.close(process)
        raise
    os.close(process)
    return thread


def _check(process: int, identity: ProcessIdentity) -> None:
    if read_start_ticks(process) != identity.start_ticks:
        raise ProcessLookupError(ESRCH, "another process bears the pid now")


def living_thread(process: int) -> int:
    """Return a thread that goes on of the process whose folder is open; 0 if there is none."""
    with suppress(OSError):
        tasks = os.open("task", _DIRECTORY, dir_fd=process)
        try:
            with os.scandir(tasks) as listed:
                threads = [each.name for each in islice(listed, _THREADS_MAX)]
            return next((int(each) for each in threads if living_line(f"{each}/stat", tasks)), 0)
        finally:
            os.close(tasks)
    return 0


def living_line(file: str, directory: int | None = None) -> bytes:
    """Read the stat of a thread; empty if it has ended."""
    with suppress(OSError, ValueError):
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            line = os.read(descriptor, STAT_BYTES)
        finally:
            os.close(descriptor)
        if not dead(split(line)[1]):
            return line
    return b""
