"""Rows of table `gpu`: what the loads on each card add up to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aisec_daemon.model import Snapshot, Table
from tests.traces.generators.load import PIPES, RATES
from tests.traces.generators.shapes import Floats, wander

if TYPE_CHECKING:
    from tests.traces.generators.node import Node

GIB = 2.0**30
_MONITOR_BYTES = (
    7e5  # a second, over PCIe: what the daemon's own reading costs (recorded on an H200)
)
_ENERGY_EVERY = 15  # seconds
_SOFT = 30.0  # seconds in which a card warms


def snapshots(node: Node, table: Table) -> Iterator[Snapshot]:
    """Yield a snapshot a second."""
    cube = np.full((node.seconds, node.gpus, len(table.columns)), np.nan)
    for gpu in range(node.gpus):
        for name, numbers in columns(node, gpu).items():
            if name in table.positions:
                cube[:, gpu, table.positions[name]] = numbers
    labels = _labels(node)
    failed = {**labels, "error": ("NVML_ERROR_UNKNOWN",) * node.gpus}
    age = table.index("read_age_seconds")
    for second in range(node.seconds):
        values = cube[second]
        deaf = next((b for b, e in node.deaf if b <= second < e), None)
        if deaf is not None:
            values = np.full_like(values, np.nan)
            values[:, age] = second - deaf + 1
        words = labels if deaf is None else failed
        yield Snapshot(table, node.begin + second, node.uuids, values, words)


def _labels(node: Node) -> dict[str, tuple[str, ...]]:
    each = range(node.gpus)
    same = {"name": node.card.name, "kind": "gpu", "driver_version": "580.159.04"}
    empty = ("parent", "gpu_instance_id", "compute_instance_id", "error")
    return {
        "uuid": node.uuids,
        "index": tuple(str(i) for i in each),
        "pci_bus_id": tuple(f"0000:{16 + i:02x}:00.0" for i in each),
        **{name: (word,) * node.gpus for name, word in same.items()},
        **dict.fromkeys(empty, ("",) * node.gpus),
    }


def columns(node: Node, gpu: int) -> dict[str, Floats | float]:
    """Return each column of one GPU, (T,)."""
    card, loads, zero = node.card, node.loads(gpu), np.zeros(node.seconds)
    used = sum((np.nan_to_num(load.memory_bytes) for load in loads), zero)
    crowd = sum((load.level.mean for load in loads), zero)
    fair = 1.0 / np.maximum(crowd, 1.0)  # loads that want the card at once get a share each

    def summed(peak: str) -> Floats:
        parts = (load.peaks.get(peak, 0.0) * load.level.mean * fair for load in loads)
        return np.minimum(sum(parts, zero), 1.0)

    rates = {
        name: sum((zero + load.rates.get(name, 0.0) for load in loads), zero) for name in RATES
    }
    found: dict[str, Floats | float] = {
        "memory_used_bytes": used,
        "memory_size_bytes": card.memory_gib * GIB,
        "memory_reserved_bytes": 0.6e9,
        **_busy(node, gpu, summed("busy")),
        "memory_utilization_ratio": np.round(summed("memory"), 2),
        **_power(node, gpu, summed("power"), summed("busy")),
        "memory_clock_hertz": card.memory_hertz * min((x.memory_clock for x in loads), default=1.0),
        "memory_clock_max_hertz": card.memory_hertz,
        "encoder_utilization_ratio": np.minimum(rates["encoder"], 1.0),
        "decoder_utilization_ratio": np.minimum(rates["decoder"], 1.0),
        **_links(node, rates),
        "listed_processes": _listed(node, gpu),
        "persistence_mode_ratio": 1.0,
        "accounting_mode_ratio": 0.0,
        **dict.fromkeys(("xid_errors", "recovery_action_code", "read_age_seconds"), 0.0),
        "read_seconds": node.rng.lognormal(np.log(0.01), 0.2, node.seconds),
    }
    if card.ecc:
        found |= {f"ecc_{k}_{t}_errors": 0.0 for k in ("corrected", "uncorrected") for t in _LIVES}
    return found | (_pipes(node, summed) if card.pipes else {})


_LIVES = ("volatile", "aggregate")


def _busy(node: Node, gpu: int, busy: Floats) -> dict[str, Floats]:
    spread = sum((load.level.spread for load in node.loads(gpu)), np.zeros(node.seconds))
    most = np.maximum(busy, np.minimum(busy + 1.2 * spread, 0.99))
    return {
        "utilization_ratio": np.round(busy, 3),
        "utilization_max_ratio": np.round(most, 2),
        "utilization_stddev_ratio": np.round(0.3 * spread, 3),
    }


def _power(node: Node, gpu: int, share: Floats, busy: Floats) -> dict[str, Floats | float]:
    """Return power, energy, core clock and temperature."""
    card, loads, rng = node.card, node.loads(gpu), node.rng
    limit = card.limit_watts * node.power_limit_shares[gpu]
    awake = sum((load.there for load in loads), np.zeros(node.seconds)) > 0
    base = np.where(awake, card.awake_watts, card.idle_watts)
    jitter = max((load.jitter for load in loads), default=0.003)
    wanted = base + share * (card.limit_watts - card.awake_watts)
    capped = np.minimum(wanted, limit)
    noise = wander(rng, node.seconds, jitter, 3) + rng.normal(0, jitter / 3, node.seconds)
    watts = np.minimum(capped * (1 + noise), limit * 1.05)
    spread = sum((load.level.spread for load in loads), np.zeros(node.seconds))
    peak = max((load.peaks.get("power", 0.0) for load in loads), default=0.0)
    ripple = spread * peak * (card.limit_watts - card.awake_watts)
    average = np.convolve(watts, (0.5, 0.5), "full")[: node.seconds]
    average[0] = watts[0]
    kept = np.where(wanted > capped, capped / np.maximum(wanted, 1), 1.0) ** 0.5
    cooling = np.exp(-np.arange(int(6 * _SOFT)) / _SOFT) / _SOFT
    heat = np.convolve(np.r_[np.full(len(cooling), watts[0]), watts], cooling, "valid")[1:]
    drift = rng.uniform(0.003, 0.05) * np.arange(node.seconds) + rng.random()
    seen = ripple * np.sin(2 * np.pi * drift)  # [recorded] a look a second drifts through a pulse
    return {
        "power_watts": average if card.averaged else watts + seen,
        "power_average_watts": average,
        "power_max_watts": np.maximum(watts + ripple, watts),
        "power_stddev_watts": ripple + watts * jitter / 2,
        "power_limit_watts": limit,
        "energy_joules": _carried(1e6 + np.cumsum(watts), int(rng.integers(_ENERGY_EVERY))),
        "sm_clock_hertz": np.where(awake, card.sm_hertz * kept, 0.3e9),
        "temperature_celsius": np.round(38 + 40 * heat / card.limit_watts),
        "clock_event_gpu_idle_ratio": np.where(busy > 0, 0.0, 1.0),
        "clock_event_sw_power_cap_ratio": np.where(wanted > capped, 1.0, 0.0),
    }


def _listed(node: Node, gpu: int) -> Floats:
    """Return how many processes NVML lists."""
    seconds = np.arange(node.seconds)
    lives = [a for a in node.actors if gpu in a.uses and a.seen != "none"]
    there = ((a.begin <= seconds) & (seconds < a.end) for a in lives)
    return sum(there, np.zeros(node.seconds))


def _carried(counter: Floats, phase: int) -> Floats:
    """Return what a counter shows that is read at times and holds its last value in between."""
    at = np.arange(len(counter))
    return counter[np.maximum((at - phase) // _ENERGY_EVERY * _ENERGY_EVERY + phase, 0)]


def _links(node: Node, rates: dict[str, Floats]) -> dict[str, Floats]:
    """Return the counters of PCIe and NVLink."""
    found = {}
    own = _MONITOR_BYTES * node.rng.lognormal(0, 0.12, node.seconds)
    if node.pcie_counted:
        found["pcie_transmit_bytes"] = 1e9 + np.cumsum(rates["pcie_tx"] + own)
        found["pcie_receive_bytes"] = 1e9 + np.cumsum(rates["pcie_rx"] + own * 0.6)
    if node.card.nvlink:
        found["nvlink_transmit_bytes"] = np.cumsum(rates["nvlink_tx"])
        found["nvlink_receive_bytes"] = np.cumsum(rates["nvlink_rx"])
    return found


def _pipes(node: Node, summed) -> dict[str, Floats]:
    """Return what GPM shows."""
    noise = 1 + node.rng.normal(0, 0.0005, node.seconds)
    found = {name: np.minimum(summed(name) * noise, 1.0) for name in ("sm", "occupancy", *PIPES)}
    names = {"sm": "sm_active_ratio", "occupancy": "sm_occupancy_ratio"}
    names |= {"hmma": "pipe_tensor_hmma_ratio", "imma": "pipe_tensor_imma_ratio"}
    return {
        **{names.get(name, f"pipe_{name}_ratio"): numbers for name, numbers in found.items()},
        "pipe_tensor_ratio": np.minimum(found["hmma"] + found["imma"], 1.0),
        "pipe_tensor_dfma_ratio": np.zeros(node.seconds),
        "dram_active_ratio": np.minimum(summed("dram") * noise, 1.0) + 4e-6,
    }
