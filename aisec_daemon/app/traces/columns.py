"""Columns: what other people's logs call the numbers and words of our tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aisec_daemon.model import Table

_CLOCK_EVENTS = (
    *("gpu_idle", "applications_clocks_setting", "sw_power_cap", "hw_slowdown", "sync_boost"),
    *("sw_thermal_slowdown", "hw_thermal_slowdown", "hw_power_brake_slowdown"),
)


@dataclass(frozen=True)
class Quantity:
    """How a kind of number is written: its unit, that unit in base units, what it may be."""

    unit: bytes = b""
    factor: float = 1.0
    least: float = 0.0
    most: float = math.inf


FLAG = Quantity(most=1.0)
_PERCENT = Quantity(b"%", 0.01, most=1.0)
_MEBIBYTES = Quantity(b"MiB", 2.0**20)
_MEGABYTES = Quantity(b"MB", 2.0**20)  # dmon and pmon say MB and mean MiB
_WATTS = Quantity(b"W")
_MEGAHERTZ = Quantity(b"MHz", 1e6)
_CELSIUS = Quantity(b"C", least=-273.15)
_COUNT = Quantity()

Columns = dict[str, tuple[str, Quantity]]

QUERY: Columns = {
    "memory.used": ("memory_used_bytes", _MEBIBYTES),
    "memory.total": ("memory_size_bytes", _MEBIBYTES),
    "memory.reserved": ("memory_reserved_bytes", _MEBIBYTES),
    "utilization.gpu": ("utilization_ratio", _PERCENT),
    "utilization.memory": ("memory_utilization_ratio", _PERCENT),
    "utilization.encoder": ("encoder_utilization_ratio", _PERCENT),
    "utilization.decoder": ("decoder_utilization_ratio", _PERCENT),
    "power.draw": ("power_watts", _WATTS),
    "power.draw.instant": ("power_watts", _WATTS),
    "power.draw.average": ("power_average_watts", _WATTS),
    "power.limit": ("power_limit_watts", _WATTS),
    "enforced.power.limit": ("power_limit_watts", _WATTS),
    "clocks.sm": ("sm_clock_hertz", _MEGAHERTZ),
    "clocks.current.sm": ("sm_clock_hertz", _MEGAHERTZ),
    "clocks.mem": ("memory_clock_hertz", _MEGAHERTZ),
    "clocks.current.memory": ("memory_clock_hertz", _MEGAHERTZ),
    "temperature.gpu": ("temperature_celsius", _CELSIUS),
    "temperature.memory": ("memory_temperature_celsius", _CELSIUS),
    "remapped_rows.correctable": ("remapped_corrected_rows", _COUNT),
    "remapped_rows.uncorrectable": ("remapped_uncorrected_rows", _COUNT),
    "remapped_rows.pending": ("remap_pending_ratio", FLAG),
    "remapped_rows.failure": ("remap_failure_ratio", FLAG),
    **{
        f"ecc.errors.{kind}.{lifetime}.total": (f"ecc_{kind}_{lifetime}_errors", _COUNT)
        for kind in ("corrected", "uncorrected")
        for lifetime in ("volatile", "aggregate")
    },
    **{
        f"clocks_{word}_reasons.{reason}": (f"clock_event_{reason}_ratio", FLAG)
        for word in ("event", "throttle")
        for reason in _CLOCK_EVENTS
    },
    # as scripts that keep such logs rename them
    "util_pct": ("utilization_ratio", _PERCENT),
    "memutil_pct": ("memory_utilization_ratio", _PERCENT),
    "mem_used_mib": ("memory_used_bytes", _MEBIBYTES),
    "power_w": ("power_watts", _WATTS),
    "temp_c": ("temperature_celsius", _CELSIUS),
    "sm_clock_mhz": ("sm_clock_hertz", _MEGAHERTZ),
}
"""Properties of `nvidia-smi --help-query-gpu`, without their unit.

Where two of a header fill one column the later of this list is taken: `power.draw` is an average
over a second on Ampere and newer, `power.draw.instant` is not.
"""

QUERY_WORDS = {
    "index": "index",
    "gpu": "index",
    "uuid": "uuid",
    "gpu_uuid": "uuid",
    "pci.bus_id": "pci_bus_id",
    "gpu_bus_id": "pci_bus_id",
    "name": "name",
    "gpu_name": "name",
    "driver_version": "driver_version",
}
"""Properties that are words of the table `gpu`."""

QUERY_TIMES = ("timestamp", "datetime", "t_seconds")

DMON: Columns = {
    "pwr": ("power_watts", _WATTS),
    "gtemp": ("temperature_celsius", _CELSIUS),
    "temp": ("temperature_celsius", _CELSIUS),
    "mtemp": ("memory_temperature_celsius", _CELSIUS),
    "sm": ("utilization_ratio", _PERCENT),
    "mem": ("memory_utilization_ratio", _PERCENT),
    "enc": ("encoder_utilization_ratio", _PERCENT),
    "dec": ("decoder_utilization_ratio", _PERCENT),
    "mclk": ("memory_clock_hertz", _MEGAHERTZ),
    "pclk": ("sm_clock_hertz", _MEGAHERTZ),
    "fb": ("memory_used_bytes", _MEGABYTES),
    "sbecc": ("ecc_corrected_aggregate_errors", _COUNT),
    "dbecc": ("ecc_uncorrected_aggregate_errors", _COUNT),
    "smutil": ("sm_active_ratio", _PERCENT),
    "smocc": ("sm_occupancy_ratio", _PERCENT),
}
"""Columns of `nvidia-smi dmon` (nvidia-smi(1), "Device Monitoring"), whatever its -s says.

Its PCIe columns are rates, ours count bytes: they stay unread.
"""

PMON: Columns = {
    "sm": ("sm_utilization_ratio", _PERCENT),
    "mem": ("memory_utilization_ratio", _PERCENT),
    "enc": ("encoder_utilization_ratio", _PERCENT),
    "dec": ("decoder_utilization_ratio", _PERCENT),
    "fb": ("memory_used_bytes", _MEGABYTES),
}
"""Columns of `nvidia-smi pmon` (nvidia-smi(1), "Process Monitoring")."""


def placed(names: list[str], columns: Columns, table: Table) -> dict[int, tuple[int, Quantity]]:
    """Return, by the table's column, the field that fills it and how that is written.

    A field may also bear the very name of one of our columns, in base units.
    """
    ours = {name: at for at, name in enumerate(table.column_names)}
    order = {name: rank for rank, name in enumerate(columns)}
    found = {}
    for field, name in sorted(enumerate(names), key=lambda named: order.get(named[1], -1)):
        column, quantity = columns.get(name) or (name, _own(name))
        if column in ours:
            found[ours[column]] = (field, quantity)
    return found


def _own(name: str) -> Quantity:
    if name.endswith("_ratio"):
        return Quantity(most=1.0)
    return Quantity(least=-273.15) if name.endswith("_celsius") else Quantity()
