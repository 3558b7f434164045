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
from aisec_daemon.host.proc.stat import STAT_BYTES, goes_on, read_start_ticks, split

_THREADS_MAX = 4096  # asked whether they go on; who is traced stays a zombie until he is fetched
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
        thread = os.open(f"task/{_lasting(process, identity)}", _DIRECTORY, dir_fd=process)
    except BaseException:
        os.close(process)
        raise
    os.close(process)
    return thread


def folder_of(proc: Path, identity: ProcessIdentity) -> str:
    """Return the path of the folder of a process; it may be another one's by the time of use."""
    if not identity.thread:
        return f"{proc}/{identity.pid}"
    with suppress(OSError):
        process = os.open(proc / str(identity.pid), _DIRECTORY)
        try:
            return f"{proc}/{identity.pid}/task/{_lasting(process, identity)}"
        finally:
            os.close(process)
    return f"{proc}/{identity.pid}"


def _lasting(process: int, identity: ProcessIdentity) -> int:
    """Return the thread that is known if it goes on, else another: they may take turns."""
    known = identity.thread
    if not living_line(f"task/{known}/stat", process):
        known = living_thread(process) or known
    return known


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
        if goes_on(split(line)[1]):
            return line
    return b""
