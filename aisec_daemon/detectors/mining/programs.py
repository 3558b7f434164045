"""What the host says of the programs behind the rows: libraries, place, disguise, lists, load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.mining.rows import Rows
from aisec_daemon.model import Snapshot, View
from aisec_daemon.model.snapshot import Word
from aisec_daemon.numerics import window
from aisec_daemon.numerics.window import Array

_NEUTRAL = frozenset({"cuda", "opencl", "vulkan", "nvml", "cublas", "curand", "python", "java"})
"""Libraries that a miner maps as readily as anybody else."""

_EAGER = frozenset({"torch", "tensorflow", "jax", "paddle", "mxnet"})
"""Frameworks whose process starts each kernel itself, and cannot sleep while its GPU works."""

_QUIET_CORES = 0.3
_QUIET_BYTES_PER_SECOND = 20e3
_FED_BYTES_PER_SECOND = 1e6
_YOUNG_SECONDS = 86_400.0
_LOADED = 0.5  # of the time: below, what the host does is hardly more than what it does anyway
_ASLEEP = 0.3  # of a core that a framework needs while its GPU works

Evidence = dict[str, Array]
"""Pieces by name: 1 where one speaks, 0 where it does not, NaN where it is not known."""

Texts = dict[str, tuple[str, ...]]
"""Words that a sentence may quote, one a row."""


def evidence(
    rows: Rows, programs: View | None, processes: View | None, hard: Array, load: Array
) -> tuple[Evidence, Evidence, Texts]:
    """Return pieces of evidence, and numbers and words that a sentence may quote, (R,) each.

    `hard` is 1 for rows whose GPU works hard: a quiet host says nothing of those that rest. `load`
    is how much of the time it works for them.
    """
    pieces: Evidence = {}
    numbers: Evidence = {}
    texts: Texts = {"preload": ("",) * len(rows), "indicator": ("",) * len(rows)}
    eager = np.full(len(rows), np.nan)
    if programs is not None:
        at = _places(rows.processes, programs.latest.subjects)
        for name, column in _static(programs.latest).items():
            pieces[name] = _taken(column, at)
        eager = pieces.pop("eager")
        age = _taken(programs.latest["executable_age_seconds"], at)
        pieces["young_executable"] = known(age, age < _YOUNG_SECONDS)
        texts["preload"] = _said(programs.latest.labels["preload"], at)
        numbers["io"] = _taken(
            window.mean(programs["read_bytes_per_second"])
            + window.mean(programs["written_bytes_per_second"]),
            at,
        )
        pieces["fed"] = known(numbers["io"], numbers["io"] > _FED_BYTES_PER_SECOND)
    if processes is not None:
        at = _places(rows.processes, processes.latest.subjects)
        numbers["cpu_cores"] = _taken(window.mean(processes["cpu_seconds_per_second"]), at)
        texts["indicator"] = _said(processes.latest.labels["indicators"], at)
        for name, column in _listed(processes.latest).items():
            pieces[name] = _taken(column, at)
    io, cores = numbers.get("io"), numbers.get("cpu_cores")
    if io is not None and cores is not None:
        quiet = (io < _QUIET_BYTES_PER_SECOND) & (cores < _QUIET_CORES)
        asleep = (load >= _LOADED) & (cores < _ASLEEP * load)
        pieces["host_quiet"] = known(io + cores, quiet & (hard == 1))
        pieces["idle_framework"] = known(io + cores + eager, quiet & asleep & (eager == 1))
    return pieces, numbers, texts


def known(read: Array, holds: NDArray[np.bool_]) -> Array:
    """Return 1 where it holds, 0 where not, NaN where `read` is NaN."""
    return np.where(np.isnan(read), np.nan, holds)


def _places(wanted: Sequence[str], subjects: Sequence[str]) -> NDArray[np.intp]:
    """Return the position of each process, the one after the last for those that are not there."""
    at = {subject: row for row, subject in enumerate(subjects)}
    none = len(subjects)
    return np.array([at.get(process, none) for process in wanted], dtype=np.intp)


def _taken(column: Array, at: NDArray[np.intp]) -> Array:
    return np.append(column, np.nan)[at]


def _said(words: Sequence[Word], at: NDArray[np.intp]) -> tuple[str, ...]:
    padded = (*words, "")
    return tuple(padded[place] or "" for place in at.tolist())


@lru_cache(maxsize=4)
def _static(programs: Snapshot) -> Evidence:
    """Pieces that hang on labels alone: the same for every call until the next snapshot."""

    def column(label: str, holds: Callable[[str], bool]) -> Array:
        return _judged(programs.labels[label], holds)

    def place(word: str) -> Array:
        return column("executable_place", lambda said: said == word)

    def disguise(word: str) -> Array:
        return column("disguise", lambda said: said == word)

    return {
        "framework": column("libraries", lambda said: bool(set(said.split()) - _NEUTRAL)),
        "eager": column("libraries", lambda said: bool(set(said.split()) & _EAGER)),
        "bare_compute": column(
            "libraries", lambda said: not set(said.split()) - (_NEUTRAL - {"cublas"})
        ),
        "bare_products": column(
            "libraries", lambda said: "cublas" in said.split() and not set(said.split()) - _NEUTRAL
        ),
        "place_temporary": place("temporary"),
        "place_hidden": place("hidden"),
        "place_home": place("home"),
        "memory_executable": place("memory"),
        "deleted_executable": place("deleted"),
        "writable": column("executable_writable", bool),
        "kernel_thread": disguise("kernel_thread"),
        "interpreter": disguise("interpreter"),
        "name": disguise("name"),
        "replaced": disguise("replaced"),
        "defunct": disguise("defunct"),
        "preload": column("preload", bool),
    }


@lru_cache(maxsize=4)
def _listed(processes: Snapshot) -> Evidence:
    indicators = processes.labels["indicators"]
    return {"listed": _judged(indicators, bool)}


def _judged(words: Sequence[Word], holds: Callable[[str], bool]) -> Array:
    return np.array([np.nan if w is None else float(holds(w)) for w in words], dtype=np.float64)
