"""What a GPU's own counters say, a number a GPU: the behaviour of whatever runs there."""

from __future__ import annotations

from collections.abc import Mapping

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

Features = dict[str, Array]


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
    found = _load(now) | _memory(gpu["memory_used_bytes"][lately(recent_seconds / 2)])
    found |= _traffic(now) | _pipes(gpu, now) | _rhythm(gpu)
    latest = gpu.latest
    found["least_now"] = window.least(gpu["utilization_ratio"][lately(_JUST_NOW_SECONDS)])
    found["limit"] = latest["power_limit_watts"]
    found["memory_clock"] = window.divide(
        latest["memory_clock_hertz"], latest["memory_clock_max_hertz"]
    )
    readings = window.count(_stacked(now, "utilization_ratio", "power_watts")).max(axis=0)
    told = np.stack(list(found.values()))
    told[:, readings < settle] = np.nan
    return dict(zip(found, told, strict=True)) | {"power": found["power"]}


def _stacked(series: Mapping[str, NDArray[np.float32]], *names: str) -> NDArray[np.float32]:
    """Return several series as one (C, T, S): one call for all of them costs as much as for one."""
    return np.stack([series[name] for name in names])


def _load(now: Mapping[str, NDArray[np.float32]]) -> Features:
    load = now["utilization_ratio"]
    works = load > _BUSY
    readings = (load, now["power_watts"], now["memory_utilization_ratio"])
    windows = np.stack([*readings, np.where(works, load, np.float32(np.nan))])
    utilization, power, controller, level = window.mean(windows)
    unevenness, ripple = window.deviation(windows[:2])
    return {
        "utilization": utilization,
        "unevenness": unevenness,
        "busy": window.share(load, works),
        "level": level,
        "power": power,
        "ripple": window.divide(ripple, power),
        "controller": controller,
    }


def _memory(used: NDArray[np.float32]) -> Features:
    """Of the later half of the window: a table is built first, and then stays."""
    return {"memory": window.mean(used), "memory_extent": window.extent(used)}


def _traffic(now: Mapping[str, NDArray[np.float32]]) -> Features:
    """Traffic in both directions; of a direction that is not counted nothing is assumed."""
    buses = "pcie", "nvlink"
    sent = _stacked(now, *(f"{bus}_transmit_bytes_per_second" for bus in buses))
    received = _stacked(now, *(f"{bus}_receive_bytes_per_second" for bus in buses))
    bus, links = window.median(sent + received)
    media = np.fmax(now["encoder_utilization_ratio"], now["decoder_utilization_ratio"])
    return {"bus": bus, "links": links, "media": window.mean(media)}


def _pipes(past: View, now: Mapping[str, NDArray[np.float32]]) -> Features:
    """Shares of the time in which the multiprocessors were busy; the past where now is too little.

    A sum over a sum is the same at full load, throttled and on a duty cycle.
    """
    if np.isnan(past["sm_active_ratio"]).all():  # no GPU of this node has GPM
        unknown = np.full(past["sm_active_ratio"].shape[1], np.nan)
        return dict.fromkeys(_SHARES, unknown)
    recent = _shares(now)
    enough = recent["active_readings"] >= _ACTIVE_READINGS
    if enough.all():
        return recent
    whole = _shares(past.past)
    return {name: np.where(enough, recent[name], whole[name]) for name in recent}


def _shares(series: Mapping[str, NDArray[np.float32]]) -> Features:
    active = series["sm_active_ratio"]
    working = active > _BUSY
    readings = window.total(working)
    whole = np.where(readings < _ACTIVE_READINGS, np.nan, window.total(active, working))
    sums = window.total(_stacked(series, *(f"pipe_{pipe}_ratio" for pipe in PIPES)), working)
    shares = dict(zip(PIPES, window.divide(sums, whole), strict=True))
    return {
        "active_readings": readings,
        "integer": np.minimum(shares["integer"], 1.0),
        "integer_tensor": shares["tensor_imma"],
        "tensor": shares["tensor"],
        "floating": sum((shares[pipe] for pipe in FLOATING[1:]), shares[FLOATING[0]]),
    }


def _rhythm(past: View) -> Features:
    """Over the whole window: power that repeats itself, and load that is switched on and off."""
    load, used = (
        np.asfortranarray(past[name]) for name in ("utilization_ratio", "memory_used_bytes")
    )
    off, on = load < _BUSY, load >= _BUSY
    return {
        "repetition": repetition(past["power_watts"]),
        "off": window.share(load, off),
        "switches": window.total(on[1:] & off[:-1]),
        "memory_extent_long": window.extent(np.where(on, used, np.float32(np.nan))),
    }
