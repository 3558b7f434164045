"""Worlds for the fake driver: plain dictionaries that tests change and write again."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

GIB = 2**30
UNKNOWN_SIZE = 2**64 - 1


def process(pid: int, **changes: Any) -> dict[str, Any]:
    """A process on a GPU; `kind` is compute, graphics or mps."""
    return {
        "pid": pid,
        "kind": "compute",
        "memory": 4 * GIB,
        "sm": 80,
        "mem": 30,
        "enc": 0,
        "dec": 0,
        **changes,
    }


def mig(index: int, gpu: int = 0, **changes: Any) -> dict[str, Any]:
    """A MIG instance; it has memory, processes and GPM metrics of its own."""
    return {
        "uuid": f"MIG-{gpu:08x}-{index:04x}",
        "gpu_instance": 7 + index,
        "compute_instance": 0,
        "name": "NVIDIA H200 MIG 1g.18gb",
        "memory": {"total": 18 * GIB, "reserved": GIB // 8, "used": 2 * GIB},
        "processes": [],
        "gpm": {"1": 40.0, "2": 35.0, "3": 20.0, "4": 10.0, "10": 15.0},
        **changes,
    }


def gpu(index: int, **changes: Any) -> dict[str, Any]:
    """A healthy, busy H200.

    `code` answers every call; `errors` (call or `field/<id>` or `gpm/<id>` to code) single ones;
    `hang` (call to seconds) delays; `crash` aborts in that call; `xids` is what the driver
    announces, each once. `long_fields`, if given, have 64 bits where real ones have 32;
    `max_clocks` are the clocks' own if not given; `persistence` and `accounting` are modes, on and
    off if not given.
    """
    return {
        "uuid": f"GPU-{index:08x}-0000-4000-8000-000000000000",
        "name": "NVIDIA H200",
        "pci": [0, 0x1B + 0x10 * index, 0],
        "code": 0,
        "errors": {},
        "hang": {},
        "crash": "",
        "memory": {"total": 141 * GIB, "reserved": GIB // 2, "used": 40 * GIB},
        "rates": [55, 20],
        "samples": {"utilization": [50, 60, 70], "memory": [20, 30], "power": [400_000, 420_000]},
        "fields": {
            "186": 410_000,
            "185": 405_000,
            "83": 5_000_000,
            "197": 10**9,
            "198": 2 * 10**9,
            "138": 1000,
            "139": 2000,
            "190": 700_000,
            "82": 61,
            "230": 0,
            "3": 1,
            "4": 0,
            "5": 12,
            "6": 0,
            "142": 2,
            "143": 0,
            "144": 0,
            "145": 0,
        },
        "clocks": [1980, 1980, 3201, 1600],
        "clock_events": 0x4,
        "temperature": 55,
        "power_limit": 700_000,
        "encoder": 0,
        "decoder": 3,
        "processes": [],
        "process_samples": None,
        "mig": None,
        "gpm": {
            "1": 60.0,
            "2": 58.0,
            "3": 30.0,
            "4": 12.0,
            "5": 40.0,
            "6": 0.0,
            "7": 38.0,
            "9": 2.0,
            "10": 25.0,
            "11": 0.0,
            "12": 9.0,
            "13": 4.0,
            "20": 100.0,
            "21": 200.0,
            "60": 300.0,
            "61": 400.0,
        },
        "xids": [],
        **changes,
    }


def node(gpus: int = 1, **driver: Any) -> dict[str, Any]:
    """A node of healthy GPUs.

    The driver's `state` is ok, absent (no library) or the code that opening it answers; a new
    `generation` makes every handle of a running process answer `stale_code`; `missing` are
    symbols it lacks; `init_hang` seconds pass in nvmlInit; `count_hang` likewise at enumeration.
    """
    return {
        "driver": {
            "version": "570.86.10",
            "state": "ok",
            "generation": 1,
            "stale_code": 1,
            "init_hang": 0.0,
            "missing": [],
            "boot_relative": False,
            **driver,
        },
        "gpus": [gpu(index) for index in range(gpus)],
    }


def write(path: Path, world: dict[str, Any]) -> None:
    """Put a world in place at once; running fakes follow on their next call."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(world))
    beside.replace(path)


def copy(world: dict[str, Any]) -> dict[str, Any]:
    """A world of its own."""
    return deepcopy(world)
