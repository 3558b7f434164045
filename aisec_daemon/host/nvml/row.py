"""What is known of a GPU after reading it, on both sides of the pipe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aisec_daemon.host.nvml.fields import FIELDS


class Identity(NamedTuple):
    """Who a GPU or MIG instance is; `parent` is the UUID of a MIG instance's GPU."""

    uuid: str
    name: str
    kind: str
    parent: str
    pci_bus_id: str
    gpu_instance_id: str = ""
    compute_instance_id: str = ""


class Process(NamedTuple):
    """One process: its pid on the host, how it uses the GPU, numbers as in `PROCESS_FIELDS`."""

    pid: int
    kinds: tuple[str, ...]
    numbers: tuple[float, ...]


class Xid(NamedTuple):
    """An error that the driver reported, and when, in seconds of the monotonic clock."""

    code: int
    monotonic: float


@dataclass(frozen=True)
class Row:
    """One GPU or MIG instance as read: numbers as in `FIELDS`, processes (None: not listed)."""

    identity: Identity
    numbers: tuple[float, ...]
    processes: tuple[Process, ...] | None
    error: str = ""


@dataclass(frozen=True)
class Answer:
    """What reading one GPU gave: rows (the GPU, then its MIG instances), or a code and why.

    `xids` is None if the driver does not tell of them.
    """

    index: int
    rows: tuple[Row, ...] = ()
    code: int = 0
    error: str = ""
    xids: tuple[Xid, ...] | None = None


def ordered(numbers: Mapping[str, float]) -> tuple[float, ...]:
    """Return numbers in the order of `FIELDS`, NaN for what was not read."""
    return tuple(numbers.get(name, math.nan) for name in FIELDS)
