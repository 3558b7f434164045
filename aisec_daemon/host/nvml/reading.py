"""What samplers are given: all GPUs at one instant."""

from __future__ import annotations

from dataclasses import dataclass

from aisec_daemon.host.nvml.row import Identity, Process


@dataclass(frozen=True)
class GpuReading:
    """One GPU or MIG instance.

    `numbers` are in the order of `fields.FIELDS`, NaN where not read, and `error` says why the
    whole of it was not. Where `processes_fresh` is false the processes could not be listed: they
    are those of the last time, without numbers.
    """

    index: int  # of the GPU, in NVML's order
    identity: Identity
    numbers: tuple[float, ...]
    read_age_seconds: float  # since the last good reading
    error: str = ""
    processes: tuple[Process, ...] = ()
    processes_fresh: bool = True


@dataclass(frozen=True)
class Reading:
    """All GPUs, at `monotonic` seconds of the monotonic clock."""

    gpus: tuple[GpuReading, ...]
    driver_version: str
    monotonic: float
