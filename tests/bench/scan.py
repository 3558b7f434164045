"""One scan of all processes

`Processes.scan()` once it knows them, and `psutil.process_iter()` with the same attributes, in
turn, in one process. The first scan reads everything of each process. `file by file` is ours where
the limit of open files leaves no descriptor to keep.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil

from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.tally import Tally
from tests.bench.crowd import crowd
from tests.bench.report import spread, table

SIZES = 200, 2000
TURNS = 15
ATTRIBUTES = [
    *("pid", "ppid", "name", "exe", "cmdline", "username", "uids", "create_time"),
    *("cpu_times", "memory_info", "num_threads"),
]
FEW_FILES = 64


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def psutil_scan() -> list[dict]:
    return [process.info for process in psutil.process_iter(ATTRIBUTES)]


def opened(files: int) -> Processes:
    """Return a reader that believes it may have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    try:
        return Processes(Path("/"), Tally(), bytes(32), connector=False)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def row(size: int) -> list[str]:
    """Measure with so many processes there."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with crowd(size), closing(opened(most)) as ours, closing(opened(FEW_FILES)) as poor:
        first = seconds(ours.scan)
        poor.scan()
        psutil_scan()
        turns = [
            [1e3 * seconds(scan) for scan in (ours.scan, poor.scan, psutil_scan)]
            for _ in range(TURNS)
        ]
    known, by_file, theirs = zip(*turns, strict=True)
    return [
        f"{size}",
        f"{1e3 * first:.0f}",
        spread(known),
        spread(by_file),
        spread(theirs, 1),
        spread(np.divide(theirs, known), 1),
    ]


def measure() -> str:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    head = ["processes", "first, ms", "known, ms", "file by file, ms", "psutil, ms", "psutil/known"]
    return table(head, [row(size) for size in SIZES])
