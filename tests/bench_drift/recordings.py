"""Openings on honest GPU recordings

Training on 8 H100 and on 2 TITAN X, and inference on L40S and A100, averaged to 1 Hz: power,
utilisation, memory in use, temperature and clock, where they were recorded. A workload is a model,
its precision and its kind of GPU; its runs follow each other and go on with one memory for each
GPU of the job, as the daemon's state belongs to workloads. The first 900 s of each series are
learned. Thresholds come from one half of the workloads (every other one), openings are counted on
the other half, both ways. The recordings are short: mind the intervals.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from aisec_daemon.app.traces import open_trace
from tests.bench.report import table
from tests.bench_detection.poisson import interval
from tests.bench_drift import runs

SOURCE = (
    "github.com/grantwilkins/training_profile and github.com/eve123xy/power-traces-browser "
    "(copies in folders training and inference, gzip)"
)
COLUMNS = (
    "power_watts",
    "utilization_ratio",
    "memory_used_bytes",
    "temperature_celsius",
    "sm_clock_hertz",
)
TARGETS = (100.0, 10.0)
_HOUR = 3600.0


def seconds(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Average (N, F) to one row a second; NaN where there is none."""
    second = (times - times.min()).astype(int)
    told = np.full((second.max() + 1, values.shape[1]), np.nan)
    for column in range(values.shape[1]):
        known = ~np.isnan(values[:, column])
        count = np.bincount(second[known], minlength=len(told))
        total = np.bincount(second[known], values[known, column], minlength=len(told))
        told[:, column] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return told


def training(path: Path) -> list[np.ndarray]:
    """Return a log's series, one (T, F) for each GPU."""
    parts = defaultdict(list)
    for snapshot in open_trace(path).snapshots():
        if snapshot.table.name != "gpu":
            continue
        at = [snapshot.table.index(name) for name in COLUMNS]
        for subject, row in zip(snapshot.subjects, snapshot.values[:, at], strict=True):
            parts[subject].append((snapshot.time, *row))
    found = [np.array(rows) for _, rows in sorted(parts.items())]
    return [seconds(rows[:, 0], rows[:, 1:]) for rows in found]


def inference(path: Path) -> list[np.ndarray]:
    """Return a run's series, one (T, F) for each GPU."""
    with gzip.open(path, "rt") as stream:
        rows = np.genfromtxt(stream, delimiter=",", skip_header=1)
    order = [5, 2, 4, 6, 7]  # power, utilisation, memory, temperature, clock
    gpus = [rows[rows[:, 1] == gpu] for gpu in np.unique(rows[:, 1])]
    return [seconds(rows[:, 0], rows[:, order]) for rows in gpus]


def workload(path: Path) -> str:
    """Return what the run was of: its name without its number and date."""
    name = path.name.removesuffix(".csv.gz")
    return re.sub(r"(_\d{5,}|_power[-_]trace.*|_ckpt\d+|_log|_titanx)+$", "", name) + (
        "_with_burn" if "with_burn" in name else ""
    )


def load(folder: Path) -> dict[str, np.ndarray]:
    """Return each workload's series, (T, S): its runs follow each other."""
    runs = defaultdict(list)
    for kind, read in (("training", training), ("inference", inference)):
        for path in sorted((folder / kind).glob("*.csv.gz")):
            if "titan" in path.name and "titanx_titanx" in path.name:
                continue  # the same run as titanx_log, its GPUs added up
            runs[f"{kind}/{workload(path)}"].append(read(path))
    return {name: _joined(parts) for name, parts in runs.items()}


def _joined(parts: list[list[np.ndarray]]) -> np.ndarray:
    gpus = min(len(part) for part in parts)
    whole = [np.concatenate([part[gpu] for part in parts]) for gpu in range(gpus)]
    length = min(len(each) for each in whole)
    series = np.concatenate([each[:length] for each in whole], axis=1)
    kept = (~np.isnan(series)).sum(axis=0) > runs.LEARN
    return series[:, kept].astype(np.float32)


def measure(folder: Path) -> str:
    """Calibrate on half the workloads, count on the other, both ways."""
    told = {
        name: runs.scores(series)
        for name, series in sorted(load(folder).items())
        if len(series) > runs.LEARN + runs.BLOCK and series.shape[1]
    }
    names = list(told)
    rows = []
    for first in (0, 1):
        train, test = names[first::2], names[1 - first :: 2]
        pooled = runs.pooled([told[name] for name in train])
        hours = sum((~np.isnan(told[name][0])).sum() for name in test) / _HOUR
        for target in TARGETS:
            lines = runs.thresholds(pooled, target)
            count = sum(len(runs.openings(runs.passed(told[name], lines))) for name in test)
            rows.append(_row(len(train), len(test), pooled.shape[1], hours, target, count))
    head = ["workloads calibrated on", "blocks", "counted on", "series-hours"]
    return table([*head, "target a series-week", "openings", "a series-week, 95 %"], rows)


def _row(train: int, test: int, blocks: int, hours: float, target: float, count: int) -> list[str]:
    weeks = hours * _HOUR / runs.WEEK
    low, high = interval(count, weeks)
    observed = f"{count / weeks:.0f} ({low:.0f} to {high:.0f})"
    told = [f"{train}", f"{blocks}", f"{test}", f"{hours:.1f}", f"{target:g}", f"{count}"]
    return [*told, observed]
