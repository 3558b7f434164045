"""Replaying a day

8 GPUs at one reading a second, through every detector, as `aisec-daemon replay` does it: a log of
`nvidia-smi --query-gpu=… --format=csv -l 1` with ten columns, as long as a day, and a recording of
the whole table `gpu`, four hours long, in which those numbers are new in each second, to the last
digit that the sampler tells, that were when an H200 trained. A sample is one reading of one GPU.
Seconds are those of the one core that it keeps busy, whatever else runs, the least of five. What
writes the files is not timed. Without rules, what is left is reading, rates, history and the
casebook.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.app.replay import Totals, Watcher, replay
from aisec_daemon.app.settings import load
from aisec_daemon.app.traces import open_trace
from aisec_daemon.model.recording import Encoder
from tests.bench.report import table
from tests.bench.step import Made

GPUS, DAY, RECORDED = 8, 86_400, 4 * 3600
BEST_OF = 5  # since a machine that others use, too, is slow at times
CHANGING = (
    *("utilization_ratio", "utilization_stddev_ratio", "power_watts", "power_average_watts"),
    *("power_max_watts", "power_stddev_watts", "pcie_transmit_bytes", "pcie_receive_bytes"),
    *("sm_active_ratio", "sm_occupancy_ratio", "pipe_integer_ratio", "pipe_tensor_ratio"),
    *("pipe_tensor_hmma_ratio", "pipe_fp32_ratio", "dram_active_ratio"),
    *("read_seconds", "read_age_seconds"),
)
COLUMNS = (
    "timestamp, index, uuid, power.draw [W], utilization.gpu [%], utilization.memory [%], "
    "memory.used [MiB], memory.total [MiB], clocks.current.sm [MHz], temperature.gpu"
)


def log_lines(seconds: int) -> Iterator[str]:
    """Yield a log as nvidia-smi writes it."""
    yield COLUMNS
    noise = np.random.default_rng(1)
    begun = time.mktime((2026, 3, 2, 0, 0, 0, 0, 0, 0))
    for second in range(seconds):
        stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(begun + second))
        power, busy = noise.uniform(60, 700, GPUS), noise.integers(0, 101, GPUS)
        for gpu in range(GPUS):
            yield (
                f"{stamp}.000, {gpu}, GPU-{gpu:08x}, {power[gpu]:.2f} W, {busy[gpu]} %, 20 %, "
                f"{40_000 + busy[gpu]} MiB, 143771 MiB, 1980 MHz, {40 + busy[gpu] // 4}"
            )


def write_log(path: Path, seconds: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in log_lines(seconds))


def write_recording(path: Path, seconds: int) -> None:
    tables = catalogue.tables()
    gpu, noise, encoder = tables["gpu"], np.random.default_rng(2), Encoder()
    changing = [gpu.index(name) for name in CHANGING]
    first = Made(gpu, GPUS, 1).at(0)
    values = first.values.copy()
    with gzip.open(path, "wb", compresslevel=5) as file:
        file.write(encoder.header("bench", {"gpu": 1.0}, tables))
        for second in range(seconds):
            fresh = noise.random((GPUS, len(CHANGING)))
            for at, name in enumerate(CHANGING):
                fresh[:, at] = _as_told(name, fresh[:, at], second)
            values[:, changing] = fresh
            file.write(
                encoder.encode(replace(first, time=first.time + second, values=values.copy()))
            )


def _as_told(name: str, share: np.ndarray, second: int) -> np.ndarray:
    """Make numbers between 0 and 1 into what the sampler tells under this name."""
    if name.endswith("_bytes"):
        return np.round((second + share) * 4e8)
    if name.endswith("_watts"):
        return np.round(share * 700, 3)
    return np.round(share * (1 if name.endswith("_ratio") else 0.01), 6)


def seconds_to_replay(path: Path, seconds: int, *, rules: bool = True) -> float:
    """Replay a file from its opening to its end; it must be read whole."""
    off = {} if rules else {name: {"enabled": False} for name in catalogue.detectors()}
    settings, totals = load(None, detectors=off), Totals()
    begun = time.process_time()
    replay(open_trace(path), settings, Watcher(lambda _: None), totals)
    took = time.process_time() - begun
    assert (totals.snapshots, totals.bad_lines) == (seconds, 0)
    return took


def row(name: str, path: Path, seconds: int, *, rules: bool) -> list[str]:
    took = min(seconds_to_replay(path, seconds, rules=rules) for _ in range(BEST_OF))
    return [
        name,
        "all" if rules else "none",
        f"{path.stat().st_size / 2**20:.0f}",
        f"{GPUS * seconds:,}",
        f"{took:.1f}",
        f"{GPUS * seconds / took:,.0f}",
        f"{took * DAY / seconds:.1f}",
    ]


def measure() -> str:
    head = ["file", "rules", "MiB", "samples", "seconds", "samples a second", "a day, seconds"]
    with tempfile.TemporaryDirectory() as folder:
        log, recording = Path(folder, "day.csv"), Path(folder, "gpu.jsonl.gz")
        write_log(log, DAY)
        write_recording(recording, RECORDED)
        rows = [
            row(name, path, seconds, rules=rules)
            for name, path, seconds in (
                ("nvidia-smi csv", log, DAY),
                ("recording", recording, RECORDED),
            )
            for rules in (True, False)
        ]
    return table(head, rows)
