"""Which series there are now: of each workload, and of each GPU what belongs to no workload.

A workload is a program by a user on a kind of GPU, whatever its pid, its GPU or its container is
called: its executable, its script and its image where the tables tell of them, its user, and
whether it is in a container at all. Of an image its tag and digest are left out: what a release
does is held against the one before. In the seconds after its start in which nobody has read its
script it is another one, too short to be judged. Numbers of a GPU count for a workload that has it
to itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import repeat
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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
IDLE = ("power_watts", "memory_used_bytes")  # of a GPU that nobody is on
ALWAYS = ("ecc_corrected_volatile_errors_per_second", "ecc_uncorrected_volatile_errors_per_second")
_LOADED = 0.5  # utilisation from which a GPU's temperature is that at load
_STALE_SECONDS = 5.0  # what was read longer ago says nothing of now
_RATE = "_per_second"
_IDENTITY = ("executable", "script", "image", "user")
_VERSION = re.compile(r"(?<!^sha256)(?::[\w.-]+)?(?:@[\w.+-]+:[0-9a-f]+)?\Z", re.ASCII)

Doubles = NDArray[np.float64]


Entry: TypeAlias = tuple[str, str, float]  # owner, kind, value


@dataclass(frozen=True)
class Series:
    """All series of one instant, side by side: a key, its kind, its value and whose it is."""

    keys: list[str]
    kinds: list[str]
    values: list[float]  # NaN: not read this time
    owners: list[str]
    words: Mapping[str, Mapping[str, str]]  # what is known of each owner

    @classmethod
    def of(
        cls, entries: Sequence[Entry], words: Mapping[str, Mapping[str, str]], known: Container[str]
    ) -> Series:
        """Leave out what was not read now and is not `known` from before: this GPU cannot tell."""
        read = ~np.isnan(np.array([value for _, _, value in entries]))
        kept = [
            (f"{owner}/{kind}", kind, value, owner)
            for (owner, kind, value), there in zip(entries, read.tolist(), strict=True)
            if there or f"{owner}/{kind}" in known
        ]
        keys, kinds, values, owners = zip(*kept, strict=True) if kept else ((), (), (), ())
        return cls(list(keys), list(kinds), list(values), list(owners), words)

    @property
    def read(self) -> int:
        """How many series have a value now."""
        return int(np.isfinite(self.values).sum())


def gather(processes: View, gpus: View, known: Container[str]) -> Series:
    """Return the series of a reading: a workload's GPUs are averaged, and so are its processes.

    Processes are read after GPUs: one that begins is listed before its GPU shows its work, so a
    GPU that somebody has just come to is not taken for idle.
    """
    words: dict[str, Mapping[str, str]] = {}
    row_of = {subject: row for row, subject in enumerate(gpus.subjects)}
    rows_of = _workloads(gpus, processes, words)
    users: dict[str, set[str]] = defaultdict(set)  # of each GPU
    on = processes.label("uuid")
    for owner, rows in rows_of.items():
        for row in rows:
            users[on[row] or ""].add(owner)
    entries: list[Entry] = []
    shared, own = _matrix(gpus, SHARED), _matrix(processes, OWN)
    for owner, rows in sorted(rows_of.items()):
        places = {on[row] or "" for row in rows}
        alone = sorted(row_of[gpu] for gpu in places if gpu in row_of and len(users[gpu]) == 1)
        if alone:
            entries += zip(repeat(owner), SHARED, _mean(shared[alone]))
        entries += zip(repeat(owner), OWN, _mean(own[rows]))
    entries += _of_gpus(gpus, words, users)
    if processes.time - gpus.latest.time > _STALE_SECONDS:
        entries = [(owner, kind, float("nan")) for owner, kind, _ in entries]
    return Series.of(entries, words, known)


def _matrix(view: View, names: Sequence[str]) -> Doubles:
    """Return some columns now, (S, F): a rate is the last of its past."""
    return np.stack([_latest(view, name) for name in names], axis=1)


def _latest(view: View, name: str) -> Doubles:
    if name.endswith(_RATE):
        past = view[name]
        return past[-1].astype(np.float64) if len(past) else np.full(len(view.subjects), np.nan)
    return view.latest[name]


def _mean(rows: Doubles) -> list[float]:
    """Return the mean of what is known of each column."""
    if len(rows) == 1:
        return [float(value) for value in rows[0]]
    known = ~np.isnan(rows)
    count = known.sum(axis=0)
    total = np.where(known, rows, 0.0).sum(axis=0)
    means: list[float] = np.where(count > 0, total / np.maximum(count, 1), np.nan).tolist()
    return means


def _workloads(
    gpus: View, processes: View, told: dict[str, Mapping[str, str]]
) -> Mapping[str, list[int]]:
    """Return the rows of each workload's processes, in an order that does not depend on theirs."""
    names = dict(zip(gpus.subjects, gpus.label("name"), strict=True))
    labels = processes.latest.labels
    found = defaultdict(list)
    for row in sorted(range(len(processes.subjects)), key=processes.subjects.__getitem__):
        if not labels["executable"][row] or not labels["user"][row]:
            continue  # what cannot be named cannot be compared; the rule blind speaks of it
        owner, known = _identify(labels, row, names.get(labels["uuid"][row] or "") or "")
        told[owner] = known
        found[owner].append(row)
    return found


def _identify(
    labels: Mapping[str, Sequence[str | None]], row: int, gpu: str
) -> tuple[str, Mapping[str, str]]:
    words = {name: labels[name][row] or "" if name in labels else "" for name in _IDENTITY}
    words["image"] = _repository(words["image"])
    return _named(*words.values(), "yes" if labels["container"][row] else "no", gpu)


@lru_cache(maxsize=1024)
def _repository(image: str) -> str:
    """Return an image's name without tag and digest: each release, each commit has another."""
    return _VERSION.sub("", image, count=1)


@lru_cache(maxsize=4096)  # asked for every process at every reading
def _named(*words: str) -> tuple[str, Mapping[str, str]]:
    text = "\0".join(words).encode("utf-8", "backslashreplace")
    known = dict(zip((*_IDENTITY, "contained", "gpu_model"), words, strict=True))
    return f"workload/{blake2b(text, digest_size=8).hexdigest()}", known


def _of_gpus(
    gpus: View, words: dict[str, Mapping[str, str]], users: Mapping[str, set[str]]
) -> list[Entry]:
    """Return what of each GPU belongs to no workload."""
    found: list[Entry] = []
    always, idle = _matrix(gpus, ALWAYS).tolist(), _matrix(gpus, IDLE).tolist()
    loaded = gpus.latest["utilization_ratio"] >= _LOADED
    hot, names = gpus.latest["temperature_celsius"], gpus.label("name")
    for row, gpu in sorted(enumerate(gpus.subjects), key=itemgetter(1)):
        owner = f"gpu/{gpu}"
        words[owner] = {"gpu": gpu, "gpu_model": names[row] or ""}
        found += zip(repeat(owner), ALWAYS, always[row])
        if gpu not in users:
            found += zip(repeat(owner), (f"idle_{name}" for name in IDLE), idle[row])
        if loaded[row]:
            found.append((owner, "loaded_temperature_celsius", float(hot[row])))
    return found
