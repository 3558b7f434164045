"""Which series there are now: of each workload, and of each GPU what belongs to no workload.

A workload is a program by a user on a kind of GPU, whatever its pid, its GPU or its container is
called: its executable, its script and its image where the tables tell of them, its user, and
whether it is in a container at all. Numbers of a GPU count for a workload that has it to itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from aisec_daemon.model import View

SHARED = (  # columns of table gpu that speak of the workload on it
    "power_watts",
    "utilization_ratio",
    "memory_utilization_ratio",
    "sm_clock_hertz",
    "sm_active_ratio",
    "sm_occupancy_ratio",
    "pipe_tensor_ratio",
    "dram_active_ratio",
    "pcie_transmit_bytes_per_second",
    "pcie_receive_bytes_per_second",
    "nvlink_transmit_bytes_per_second",
)
OWN = ("memory_used_bytes", "sm_utilization_ratio")  # of table gpu_process
IDLE = ("power_watts", "memory_used_bytes", "utilization_ratio")  # of a GPU that nobody is on
ALWAYS = ("ecc_corrected_volatile_errors_per_second", "ecc_uncorrected_volatile_errors_per_second")
_LOADED = 0.5  # utilisation from which a GPU's temperature is that at load
_RATE = "_per_second"


@dataclass
class Series:
    """All series of one instant, side by side: a key and what it is of, its kind and its value."""

    keys: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)  # the case that it belongs to
    words: dict[str, Mapping[str, str]] = field(default_factory=dict)  # what is known of each owner

    def add(self, owner: str, kind: str, value: float) -> None:
        """Add one series; NaN if it was not read this time."""
        self.keys.append(f"{owner}/{kind}")
        self.kinds.append(kind)
        self.values.append(value)
        self.owners.append(owner)


def gather(gpus: View, processes: View | None) -> Series:
    """Return the series of a reading; a workload's GPUs are averaged, its processes added up."""
    series = Series()
    columns = {name: _latest(gpus, name) for name in {*SHARED, *IDLE, *ALWAYS}}
    row_of = {subject: row for row, subject in enumerate(gpus.subjects)}
    users = _workloads(gpus, processes, series) if processes is not None else {}
    on_gpu = defaultdict(set)
    for owner, rows in users.items():
        for gpu, _ in rows:
            on_gpu[gpu].add(owner)
    for owner, rows in sorted(users.items()):
        alone = sorted({row_of[gpu] for gpu, _ in rows if gpu in row_of and len(on_gpu[gpu]) == 1})
        for name in SHARED:
            if alone:
                series.add(owner, name, _mean(columns[name][alone]))
        for name in OWN:
            numbers = [numbers[name] for _, numbers in rows]
            series.add(owner, name, float(np.sum(numbers)))  # NaN if one was not read
    for gpu, row in sorted(row_of.items()):
        _of_gpu(series, gpus, columns, (gpu, row), idle=processes is not None and not on_gpu[gpu])
    return series


def _latest(view: View, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a column now: a rate is the last of its past."""
    if name.endswith(_RATE):
        past = view[name]
        return past[-1].astype(np.float64) if len(past) else np.full(len(view.subjects), np.nan)
    return view.latest[name]


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _workloads(
    gpus: View, processes: View, series: Series
) -> dict[str, list[tuple[str, dict[str, float]]]]:
    """Return the GPU and the numbers of each process of each workload, in a fixed order."""
    names = dict(zip(gpus.subjects, gpus.label("name"), strict=True))
    found = defaultdict(list)
    order = sorted(range(len(processes.subjects)), key=lambda row: processes.subjects[row])
    for row in order:
        words = {name: column[row] for name, column in processes.latest.labels.items()}
        gpu = words["uuid"] or ""
        if not words["executable"] or not words["user"]:
            continue  # what cannot be named cannot be compared; the rule blind speaks of it
        owner, known = _identify(words, names.get(gpu) or "")
        series.words[owner] = known
        found[owner].append((gpu, {name: float(processes.latest[name][row]) for name in OWN}))
    return found


def _identify(words: Mapping[str, str | None], gpu: str) -> tuple[str, Mapping[str, str]]:
    known = {name: words.get(name) or "" for name in ("executable", "script", "image", "user")}
    known["contained"] = "yes" if words["container"] else "no"
    known["gpu_model"] = gpu
    text = "\0".join(known.values()).encode("utf-8", "backslashreplace")
    return f"workload/{blake2b(text, digest_size=8).hexdigest()}", known


def _of_gpu(
    series: Series,
    gpus: View,
    columns: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]],
    which: tuple[str, int],
    *,
    idle: bool,
) -> None:
    """Add what of a GPU belongs to no workload."""
    gpu, row = which
    owner = f"gpu/{gpu}"
    series.words[owner] = {"gpu": gpu, "gpu_model": gpus.label("name")[row] or ""}
    if idle:
        for name in IDLE:
            series.add(owner, f"idle_{name}", float(columns[name][row]))
    if columns["utilization_ratio"][row] >= _LOADED:
        hot = float(gpus.latest["temperature_celsius"][row])
        series.add(owner, "loaded_temperature_celsius", hot)
    for name in ALWAYS:
        series.add(owner, name, float(columns[name][row]))
