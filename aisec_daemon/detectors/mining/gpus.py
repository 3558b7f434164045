"""What a GPU's own counters say, a number a GPU: the behaviour of whatever runs there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model import View
from aisec_daemon.numerics import window
from aisec_daemon.numerics.correlation import repetition
from aisec_daemon.numerics.window import Array

FLOATING = ("fp64", "fp32", "fp16", "tensor_dfma", "tensor_hmma")
PIPES = ("integer", "tensor", "tensor_imma", *FLOATING)
COLUMNS = (
    "utilization_ratio",
    "memory_utilization_ratio",
    "power_watts",
    "memory_used_bytes",
    "pcie_transmit_bytes_per_second",
    "pcie_receive_bytes_per_second",
    "nvlink_transmit_bytes_per_second",
    "nvlink_receive_bytes_per_second",
    "encoder_utilization_ratio",
    "decoder_utilization_ratio",
    "sm_active_ratio",
    *(f"pipe_{pipe}_ratio" for pipe in PIPES),
)
_SHARES = ("active_readings", "integer", "integer_tensor", "tensor", "floating")
_BUSY = 0.05  # of the time: a GPU that does less is idle
_JUST_NOW_SECONDS = 6.0
_ACTIVE_READINGS = 15  # of a GPU at work, before its pipes are judged

_Numbers: TypeAlias = dict[str, Array]


class Features(NamedTuple):
    """Numbers by name, (F, S): a row each, a column a GPU."""

    names: tuple[str, ...]
    table: Array


def tells(gpu: View) -> bool:
    """Tell whether counters alone could ever cross the line: pipes, or a locked memory clock."""
    pipes = gpu.latest["sm_active_ratio"]
    return not np.isnan(pipes).all() or not np.isnan(gpu.latest["memory_clock_max_hertz"]).all()


def features(gpu: View, recent_seconds: float, settle: int) -> Features:
    """Return what the last `recent_seconds` and the whole window say of each GPU, (S,) each.

    NaN for what is not known, because nothing was read, or fewer than `settle` readings were.
    """

    def lately(seconds: float) -> slice:
        return slice(int(np.searchsorted(gpu.times, gpu.time - seconds, side="right")), None)

    recent = lately(recent_seconds)
    now = {name: gpu[name][recent] for name in COLUMNS}
    found, readings = _load(now)
    found |= _memory(gpu["memory_used_bytes"][lately(recent_seconds / 2)])
    found |= _traffic(now) | _pipes(gpu, now) | _rhythm(gpu)
    latest = gpu.latest
    found["least_now"] = window.least(gpu["utilization_ratio"][lately(_JUST_NOW_SECONDS)])
    found["limit"] = latest["power_limit_watts"]
    found["memory_clock"] = window.divide(
        latest["memory_clock_hertz"], latest["memory_clock_max_hertz"]
    )
    names, table = tuple(found), np.array(list(found.values()), dtype=np.float64)
    table[:, readings < settle] = np.nan
    table[names.index("power")] = found["power"]
    return Features(names, table)


def _stacked(series: Mapping[str, NDArray[np.float32]], *names: str) -> NDArray[np.float32]:
    """Return several series as one (C, T, S): one call for all of them costs as much as for one."""
    return np.stack([series[name] for name in names])


def _load(now: Mapping[str, NDArray[np.float32]]) -> tuple[_Numbers, Array]:
    """Return also how many readings there are, (S,)."""
    load = now["utilization_ratio"]
    readings = (load, now["power_watts"], now["memory_utilization_ratio"])
    video = np.fmax(now["encoder_utilization_ratio"], now["decoder_utilization_ratio"])
    at_work = np.where(load > _BUSY, load, np.float32(np.nan))
    windows = np.stack([*readings, video, at_work])
    read = ~np.isnan(windows)
    counts = window.total(read)
    means = window.divide(window.total(windows, read), counts)
    utilization, power, controller, media, level = means
    unevenness, ripple = window.deviation(windows[:2], means[:2])
    return {
        "utilization": utilization,
        "unevenness": unevenness,
        "busy": window.divide(counts[-1], counts[0]),
        "level": level,
        "power": power,
        "ripple": window.divide(ripple, power),
        "controller": controller,
        "media": media,
    }, counts[:2].max(axis=0)


def _memory(used: NDArray[np.float32]) -> _Numbers:
    """Of the later half of the window: a table is built first, and then stays."""
    return {"memory": window.mean(used), "memory_extent": window.extent(used)}


def _traffic(now: Mapping[str, NDArray[np.float32]]) -> _Numbers:
    """Traffic in both directions; of a direction that is not counted nothing is assumed."""
    buses = "pcie", "nvlink"
    sent = _stacked(now, *(f"{bus}_transmit_bytes_per_second" for bus in buses))
    received = _stacked(now, *(f"{bus}_receive_bytes_per_second" for bus in buses))
    bus, links = window.median(sent + received)
    return {"bus": bus, "links": links}


def _pipes(past: View, now: Mapping[str, NDArray[np.float32]]) -> _Numbers:
    """Shares of the time in which the multiprocessors were busy; the past where now is too little.

    A sum over a sum is the same at full load, throttled and on a duty cycle.
    """
    active = past["sm_active_ratio"]
    if np.isnan(now["sm_active_ratio"]).all() and np.isnan(active).all():  # no GPU here has GPM
        return dict.fromkeys(_SHARES, np.full(active.shape[1], np.nan))
    recent = _shares(now)
    enough = recent["active_readings"] >= _ACTIVE_READINGS
    if enough.all():
        return recent
    whole = _shares(past.past)
    return {name: np.where(enough, recent[name], whole[name]) for name in recent}


def _shares(series: Mapping[str, NDArray[np.float32]]) -> _Numbers:
    ratios = _stacked(series, "sm_active_ratio", *(f"pipe_{pipe}_ratio" for pipe in PIPES))
    working = ratios[0] > _BUSY
    readings = window.total(working)
    sums = window.total(ratios, working)
    whole = np.where(readings < _ACTIVE_READINGS, np.nan, sums[0])
    shares = dict(zip(PIPES, window.divide(sums[1:], whole), strict=True))
    return {
        "active_readings": readings,
        "integer": np.minimum(shares["integer"], 1.0),
        "integer_tensor": shares["tensor_imma"],
        "tensor": shares["tensor"],
        "floating": sum((shares[pipe] for pipe in FLOATING[1:]), shares[FLOATING[0]]),
    }


def _rhythm(past: View) -> _Numbers:
    """Over the whole window: power that repeats itself, and load that is switched on and off."""
    load, used = (
        np.asfortranarray(past[name]) for name in ("utilization_ratio", "memory_used_bytes")
    )
    off, on = load < _BUSY, load >= _BUSY
    rested, worked = window.total(off), window.total(on)
    return {
        "repetition": repetition(past["power_watts"]),
        "off": window.divide(rested, rested + worked),
        "switches": window.total(on[1:] & off[:-1]),
        "memory_extent_long": window.extent(np.where(on, used, np.float32(np.nan))),
    }
