"""GPUs and MIG instances, as NVML tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.fields import CLOCK_EVENTS, ECC_ERRORS, FIELDS, PIPES
from aisec_daemon.host.nvml.reading import GpuReading, Reading
from aisec_daemon.model import Column, Kind, Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word

_DECIMALS = 6
_PIPE_HELP = "share of its possible work that this execution pipe did (GPM; Hopper and later)"
_ECC_HELP = "memory errors that ECC found, since the driver was loaded or over the card's life"

_COLUMNS = (
    Column("memory_used_bytes", "memory in use, without what the driver reserves"),
    Column("memory_size_bytes", "memory there is"),
    Column("memory_reserved_bytes", "memory that the driver and firmware keep for themselves"),
    Column(
        "utilization_ratio",
        "share of time in which any kernel ran; mean of the driver's samples since the last "
        "reading, from GPM on a MIG instance",
    ),
    Column("utilization_max_ratio", "largest of the driver's utilisation samples"),
    Column("utilization_stddev_ratio", "standard deviation of the driver's utilisation samples"),
    Column("memory_utilization_ratio", "share of time in which the memory controller was busy"),
    Column("power_watts", "power drawn now"),
    Column("power_average_watts", "power drawn, averaged by the driver over a second"),
    Column("power_max_watts", "largest of the driver's power samples"),
    Column("power_stddev_watts", "standard deviation of the driver's power samples"),
    Column("power_limit_watts", "power limit in force"),
    Column(
        "energy_joules",
        "energy used since the driver was loaded; read every 15th time, since it costs "
        "milliseconds, so take rates over a minute or more",
        Kind.COUNTER,
        carried=True,
    ),
    Column("sm_clock_hertz", "clock of the streaming multiprocessors"),
    Column("memory_clock_hertz", "clock of the memory"),
    Column("memory_clock_max_hertz", "highest clock that the memory can have"),
    *(
        Column(
            f"clock_event_{reason}_ratio",
            "1 while this reason holds the clocks below their maximum, else 0",
            family="clock_event_ratio",
            labels=(("reason", reason),),
        )
        for reason, _ in CLOCK_EVENTS
    ),
    Column("temperature_celsius", "temperature of the GPU"),
    Column("memory_temperature_celsius", "temperature of the memory"),
    Column(
        "pcie_transmit_bytes",
        "bytes sent over PCIe, headers and all: GPM's rate summed over time, else the driver's "
        "counter as far as it can be followed: too small above 4 GB per reading",
        Kind.COUNTER,
    ),
    Column("pcie_receive_bytes", "bytes received over PCIe, likewise", Kind.COUNTER),
    Column(
        "nvlink_transmit_bytes",
        "bytes sent over all NVLinks; GPM's rate summed over time where the driver does not count",
        Kind.COUNTER,
    ),
    Column("nvlink_receive_bytes", "bytes received over all NVLinks, likewise", Kind.COUNTER),
    Column("encoder_utilization_ratio", "share of time in which the video encoder was busy"),
    Column("decoder_utilization_ratio", "share of time in which the video decoder was busy"),
    *(
        Column(
            f"ecc_{kind}_{lifetime}_errors",
            _ECC_HELP,
            Kind.COUNTER,
            "ecc_errors",
            (("type", kind), ("lifetime", lifetime)),
        )
        for kind, lifetime in ECC_ERRORS
    ),
    Column("remapped_corrected_rows", "rows of memory replaced after corrected errors"),
    Column("remapped_uncorrected_rows", "rows of memory replaced after uncorrected errors"),
    Column("remap_pending_ratio", "1 if a row waits to be replaced at the next reset, else 0"),
    Column("remap_failure_ratio", "1 if replacing a row has failed, else 0"),
    Column("recovery_action_code", "what the driver wants done: 0 nothing, 1 reset, 2 reboot, …"),
    Column("persistence_mode_ratio", "1 if the driver keeps it ready while nobody uses it, else 0"),
    Column(
        "accounting_mode_ratio", "1 if the driver keeps account of processes that ended, else 0"
    ),
    Column("xid_errors", "Xid errors announced since the daemon began to listen", Kind.COUNTER),
    Column("xid_last_timestamp_seconds", "when the last Xid error was announced", Kind.TIMESTAMP),
    Column("xid_last_code", "number of the last Xid error"),
    Column("sm_active_ratio", "share of streaming multiprocessors that were busy (GPM)"),
    Column("sm_occupancy_ratio", "share of possible warps that were resident (GPM)"),
    *(
        Column(
            f"pipe_{pipe}_ratio", _PIPE_HELP, family="pipe_active_ratio", labels=(("pipe", pipe),)
        )
        for pipe in PIPES
    ),
    Column("dram_active_ratio", "share of the memory's bandwidth in use (GPM)"),
    Column("read_seconds", "how long reading this GPU took"),
    Column("read_age_seconds", "time since this GPU was last read well"),
    Column("listed_processes", "processes that it lists; absent where it could not list them"),
)

_LABELS = (
    Label("uuid", "UUID of the GPU or MIG instance; unknown-<index> if it never answered"),
    Label("index", "the GPU's place in NVML's order, which may change between boots"),
    Label("name", "product name"),
    Label("kind", "gpu or mig"),
    Label("parent", "UUID of the GPU that a MIG instance is part of, else empty"),
    Label("pci_bus_id", "PCI address, as sysfs writes it"),
    Label("driver_version", "version of the NVIDIA driver"),
    Label("gpu_instance_id", "number of the GPU instance; empty if not MIG"),
    Label("compute_instance_id", "number of the compute instance; empty if not MIG"),
    Label("error", "why the last reading failed, else empty"),
)

# No sensor tells more than millionths of these, and digits of noise make pages and recordings long.
_FRACTIONS = tuple(
    at
    for at, column in enumerate(_COLUMNS)
    if column.name.endswith(("_ratio", "_seconds", "_watts", "_joules"))
)


@dataclass(frozen=True)
class Gpu:
    """A row per GPU and per MIG instance; a GPU that does not answer keeps its row, with NaN.

    Sum over `kind="gpu"` alone: the memory of a MIG instance is part of its GPU's.
    """

    table: ClassVar[Table] = Table(
        "gpu",
        help="GPUs and MIG instances, read through NVML.",
        columns=_COLUMNS,
        labels=_LABELS,
        series=("uuid",),
        info=tuple(label.name for label in _LABELS if label.name not in {"uuid", "error"}),
    )

    period: Annotated[float, "seconds between readings"] = 1.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read all GPUs; UnreadableError if NVML tells of none."""
        reading = host.nvml.read()
        values = np.array(
            [[*gpu.numbers, gpu.read_age_seconds, _listed(gpu)] for gpu in reading.gpus],
            dtype=np.float64,
        ).reshape(len(reading.gpus), len(FIELDS) + 2)
        at = self.table.index("xid_last_timestamp_seconds")
        values[:, at] += time - reading.monotonic
        values[:, _FRACTIONS] = np.round(values[:, _FRACTIONS], _DECIMALS)
        rows = [_words(gpu, reading) for gpu in reading.gpus]
        labels = {label.name: tuple(row[label.name] for row in rows) for label in _LABELS}
        return Snapshot(self.table, time, _subjects(reading), values, labels)


def _subjects(reading: Reading) -> tuple[str, ...]:
    return tuple(gpu.identity.uuid for gpu in reading.gpus)


def _listed(gpu: GpuReading) -> float:
    return float(len(gpu.processes)) if gpu.processes_fresh else np.nan


def _words(gpu: GpuReading, reading: Reading) -> dict[str, Word]:
    return {
        **gpu.identity._asdict(),
        "index": str(gpu.index),
        "driver_version": reading.driver_version,
        "error": gpu.error,
    }
