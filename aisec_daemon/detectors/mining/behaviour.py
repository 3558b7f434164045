"""Behaviour, row by row: a GPU's features become evidence about whoever uses it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.detectors.mining import coins
from aisec_daemon.detectors.mining.gpus import Features
from aisec_daemon.detectors.mining.programs import Evidence, known
from aisec_daemon.detectors.mining.rows import Rows, marked, numbered
from aisec_daemon.model import View
from aisec_daemon.numerics import window
from aisec_daemon.numerics.correlation import together
from aisec_daemon.numerics.window import Array

Signs: TypeAlias = dict[str, tuple[Array, NDArray[np.bool_]]]
"""By name of the piece what it is seen in, and where it holds."""

_NONE_RATIO = 0.005  # of the busy time: what a pipe that is not used shows
_MIB, _MB = 2.0**20, 1e6
_BUS_BYTES_PER_SECOND = 3e6  # the monitor's own readings are about 1 MB/s a GPU
_LINK_BYTES_PER_SECOND = 10e6
_HARD = 0.2  # of the time while it works: below, little traffic goes without saying
_LARGEST_TABLE_BYTES = 14 * 2.0**30


def evidence(
    rows: Rows, gpu: View, found: Features, uses: View | None, time: float
) -> tuple[Evidence, Evidence, tuple[str, ...]]:
    """Return pieces, numbers and coins' names, (R,) each, of the rows that have a GPU."""
    at = np.where(rows.gpu >= 0, rows.gpu, len(gpu.subjects))
    padded = np.concatenate([found.table, np.full((len(found.names), 1), np.nan)], axis=1)
    numbers = dict(zip(found.names, padded[:, at], strict=True))
    share, uneven, alone, memory = _parts(rows, uses)
    numbers |= {"share": share, "own_unevenness": uneven}
    numbers["memory"] = np.where(
        np.isnan(memory), np.where(alone, numbers["memory"], np.nan), memory
    )
    numbers["excess"] = window.divide(
        numbers["integer"], numbers["floating"] + numbers["integer_tensor"]
    )
    names, _ = coins.match(window.filled(numbers["memory"]), time)
    takes_part = np.isnan(share) | (share > 0.05)
    works = takes_part & (numbers["utilization"] > 0.05)
    signs = _pipes(numbers, works, alone) | _memory(numbers, works, names)
    hard = works & (numbers["level"] >= _HARD)
    signs |= _load(numbers, works, alone) | _traffic(numbers, works, alone, hard)
    numbers["hard"] = known(numbers["level"], hard)
    numbers["own_load"] = np.where(alone, numbers["utilization"], share)
    more, numbers["fellows"] = _peers(rows, gpu, at, numbers, works)
    return _pieces(signs | more), numbers, names


def _pieces(signs: Signs) -> Evidence:
    """Return what is known of each sign, of all at once."""
    read, holds = (np.array(column) for column in zip(*signs.values(), strict=True))
    return dict(zip(signs, known(read, holds), strict=True))


def nothing(rows: Rows) -> tuple[Evidence, Evidence, tuple[str, ...]]:
    """Return what is known where there are no GPUs."""
    unknown = np.full(len(rows), np.nan)
    names = ("utilization", "least_now", "ripple", "power", "share", "hard", "own_load")
    return {}, dict.fromkeys(names, unknown), ("",) * len(rows)


def _parts(rows: Rows, uses: View | None) -> tuple[Array, Array, NDArray[np.bool_], Array]:
    """Return each row's part in its GPU's work, how uneven that is, whether it is alone, memory."""
    share, uneven, memory = np.full((3, len(rows)), np.nan)
    listed = rows.use >= 0
    if uses is None or not listed.any():
        return share, uneven, np.ones(len(rows), dtype=bool), memory
    counts = np.bincount(rows.gpu[listed & (rows.gpu >= 0)], minlength=1)
    alone = marked(g < 0 or g >= len(counts) or counts[g] <= 1 for g in rows.gpu)
    load = window.mean(uses["sm_utilization_ratio"])
    share[listed] = load[rows.use[listed]]
    uneven[listed] = window.deviation(uses["sm_utilization_ratio"], load)[rows.use[listed]]
    memory[listed] = uses.latest["memory_used_bytes"][rows.use[listed]]
    quiet = window.filled(share, 1.0) <= 0.02
    busy = np.bincount(rows.gpu[listed & ~quiet & (rows.gpu >= 0)], minlength=len(counts))
    sole = marked(0 <= g < len(busy) and busy[g] <= 1 for g in rows.gpu)
    return share, uneven, alone | (sole & ~quiet), memory


def _pipes(numbers: Evidence, works: NDArray[np.bool_], alone: NDArray[np.bool_]) -> Signs:
    integer, imma = numbers["integer"], numbers["integer_tensor"]
    floating, tensor = numbers["floating"], numbers["tensor"]
    no_float = floating <= _NONE_RATIO
    read = integer + imma + floating
    return {
        "hash_pipes": (read, works & (integer >= 0.3) & no_float & (tensor <= _NONE_RATIO)),
        "integer_tensor": (read, works & (imma >= 0.2) & no_float),
        "integer_excess": (read, works & (integer >= 0.6) & (numbers["excess"] >= 12)),
        "floating": (read, works & alone & (floating > 4 * _NONE_RATIO)),
    }


def _memory(numbers: Evidence, works: NDArray[np.bool_], names: tuple[str, ...]) -> Signs:
    used, extent = numbers["memory"], numbers["memory_extent"]
    still = works & (extent <= 4 * _MIB) & (used >= 100 * _MIB)
    fits = marked(map(bool, names))
    return {
        "memory_constant": (used + extent, still),
        "table_size": (used + extent, still & fits),
        "large_memory": (used, used > _LARGEST_TABLE_BYTES),
        "memory_moves": (extent, works & (extent > 64 * _MIB)),
    }


def _load(numbers: Evidence, works: NDArray[np.bool_], alone: NDArray[np.bool_]) -> Signs:
    load, controller, ripple = numbers["utilization"], numbers["controller"], numbers["ripple"]
    full = works & (load >= 0.9)
    level = window.divide(numbers["power"], numbers["limit"])
    even = (ripple < 0.03) & (window.filled(numbers["unevenness"]) < 0.05)
    steady = works & np.where(alone, even, numbers["own_unevenness"] < 0.05)
    off, repeats = numbers["off"], numbers["repetition"]
    held = window.filled(numbers["memory_extent_long"], np.inf) <= 4 * _MIB
    cycled = works & (off > 0.1) & (off < 0.95) & (numbers["switches"] >= 3) & held
    return {
        "memory_hard": (controller, full & (controller >= 0.8)),
        "core_bound": (controller + level, full & (controller <= 0.05) & (level >= 0.3)),
        "memory_clock_low": (
            numbers["memory_clock"] + load,
            full & (numbers["memory_clock"] <= 0.6),
        ),
        "steady": (ripple + load, steady),
        "unrhythmic": (ripple + load + repeats, steady & (repeats < 0.3)),
        "duty_cycle": (off, cycled),
        "rhythm": (repeats, works & (repeats > 0.5) & (ripple > 0.05) & ~cycled),
    }


def _traffic(
    numbers: Evidence,
    works: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    hard: NDArray[np.bool_],
) -> Signs:
    bus, links, media = numbers["bus"], numbers["links"], numbers["media"]
    return {
        "light_bus": (bus, hard & alone & (bus <= _BUS_BYTES_PER_SECOND)),
        "bus_traffic": (bus, works & alone & (bus > 20 * _MB)),
        "link_traffic": (links, works & alone & (links > _LINK_BYTES_PER_SECOND)),
        "media": (media, works & (media > 0.05)),
    }


def _peers(
    rows: Rows, gpu: View, at: NDArray[np.intp], numbers: Evidence, works: NDArray[np.bool_]
) -> tuple[Signs, Array]:
    """Compare the GPUs of one process: whether they exchange, whether they move together.

    Not those of one program: a sweep starts it once for each GPU, and they have nothing to share.
    """
    cases, fellows = _fellows(rows, at, works)
    several = window.filled(fellows) >= 2
    kinship = np.full(len(rows), np.nan)
    if several.any():
        power = gpu["power_watts"]
        padded = np.concatenate([power, np.full((len(power), 1), np.nan, power.dtype)], axis=1)
        kinship = together(padded[:, at], np.where(several, cases, -1))
    silent = (numbers["bus"] <= _BUS_BYTES_PER_SECOND) & (window.filled(numbers["links"]) <= _MB)
    return {
        "silent_links": (numbers["bus"], several & silent),
        "apart": (kinship, several & (kinship < 0.2) & (numbers["utilization"] > 0.5)),
        "together": (kinship, several & (kinship > 0.6)),
    }, fellows


def _fellows(
    rows: Rows, at: NDArray[np.intp], works: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], Array]:
    """Return the number of each row's process, -1 of none at work, and on how many GPUs it is."""
    mine = works & (rows.gpu >= 0) & (rows.use >= 0)
    if not mine.any():
        return np.full(len(rows), -1), np.full(len(rows), np.nan)
    cases = np.where(mine, numbered(rows.processes), -1)
    seen: dict[int, set[int]] = {}
    for case, place in zip(cases.tolist(), at.tolist(), strict=True):
        seen.setdefault(case, set()).add(place)
    fellows = [len(seen[case]) if case >= 0 else np.nan for case in cases.tolist()]
    return cases, np.array(fellows, dtype=np.float64)
