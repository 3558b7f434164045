"""Own: what the daemon is, and what its process and interpreter do, for the metrics page.

Names and meanings are those that client libraries of Prometheus give every process.
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from math import nan
from pathlib import Path
from time import process_time

import aisec_daemon
from aisec_daemon.model.exposition import OWN, Chunk, Family, samples

_BUILD, _ = OWN
_PYTHON = Family("python_info", "gauge", "The Python that runs it.")
_CPU = Family("process_cpu_seconds_total", "counter", "CPU time, user and system.")
_FILES = Family("process_open_fds", "gauge", "Open file descriptors.")
_FILES_MAX = Family("process_max_fds", "gauge", "File descriptors that may be open.")
_VIRTUAL = Family("process_virtual_memory_bytes", "gauge", "Size of the address space.")
_RESIDENT = Family("process_resident_memory_bytes", "gauge", "Memory that is not swapped out.")
_START = Family("process_start_time_seconds", "gauge", "When it was started, since 1970.")
_COLLECTOR = {
    "collected": Family("python_gc_objects_collected_total", "counter", "Objects collected."),
    "uncollectable": Family(
        "python_gc_objects_uncollectable_total", "counter", "Objects that cannot be collected."
    ),
    "collections": Family("python_gc_collections_total", "counter", "Collections of a generation."),
}
_START_TICKS = 19  # behind the name in /proc/PID/stat, see proc(5)


class Own:
    """Version, process and interpreter; `constant` labels are put on every series."""

    def __init__(self, constant: Mapping[str, str]) -> None:
        self._constant = constant
        build = {"version": aisec_daemon.__version__, "python": platform.python_version()}
        major, minor, patch, *_ = map(str, sys.version_info)
        python = {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "major": major,
            "minor": minor,
            "patchlevel": patch,
        }
        self._fixed = [
            samples(_BUILD, [(build, 1.0)], constant),
            samples(_PYTHON, [(python, 1.0)], constant),
            self._one(_START, _start()),
        ]

    def read(self) -> list[Chunk]:
        """Read and render it all; what cannot be read is left out."""
        virtual, resident = _memory()
        chunks = [
            self._one(_CPU, process_time()),
            self._one(_FILES, _open_files()),
            self._one(_FILES_MAX, float(resource.getrlimit(resource.RLIMIT_NOFILE)[0])),
            self._one(_VIRTUAL, virtual),
            self._one(_RESIDENT, resident),
        ]
        generations = gc.get_stats()
        for word, family in _COLLECTOR.items():
            of = [({"generation": str(at)}, float(g[word])) for at, g in enumerate(generations)]
            chunks.append(samples(family, of, self._constant))
        return [*self._fixed, *chunks]

    def _one(self, family: Family, value: float) -> Chunk:
        return samples(family, [({}, value)], self._constant)


def _memory() -> tuple[float, float]:
    """Return virtual and resident size (proc(5), statm)."""
    with suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_bytes().split()
        page_bytes = os.sysconf("SC_PAGE_SIZE")
        return float(pages[0]) * page_bytes, float(pages[1]) * page_bytes
    return nan, nan


def _open_files() -> float:
    """Count open files: the size of the folder since Linux 6.2, its entries before (proc(5))."""
    with suppress(OSError):
        size = os.stat("/proc/self/fd").st_size  # noqa: PTH116 - for each scrape
        return float(size or len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    return nan


def _start() -> float:
    """Return when this process was started (proc(5), stat)."""
    with suppress(OSError, ValueError, IndexError, StopIteration):
        stat = Path("/proc/self/stat").read_bytes().rpartition(b") ")[2].split()
        with Path("/proc/stat").open("rb") as lines:
            boot = next(int(line.split()[1]) for line in lines if line.startswith(b"btime "))
        return boot + int(stat[_START_TICKS]) / os.sysconf("SC_CLK_TCK")
    return nan
