"""The numbers of a GPU and of a process on it: their names and their order on the wire."""

from __future__ import annotations

CLOCK_EVENTS = (
    ("gpu_idle", 0x1),
    ("applications_clocks_setting", 0x2),
    ("sw_power_cap", 0x4),
    ("hw_slowdown", 0x8),
    ("sync_boost", 0x10),
    ("sw_thermal_slowdown", 0x20),
    ("hw_thermal_slowdown", 0x40),
    ("hw_power_brake_slowdown", 0x80),
    ("display_clock_setting", 0x100),
)
"""Why clocks are below their maximum: the word and the bit of `nvmlClocksEventReason*`."""

PIPES = ("integer", "tensor", "tensor_dfma", "tensor_hmma", "tensor_imma", "fp64", "fp32", "fp16")
"""Execution pipes of a streaming multiprocessor, as GPM names them."""

ECC_ERRORS = (
    ("corrected", "volatile"),
    ("uncorrected", "volatile"),
    ("corrected", "aggregate"),
    ("uncorrected", "aggregate"),
)
"""Type and lifetime of ECC error counts, in the order of field values 3, 4, 5 and 6."""

FIELDS = (
    "memory_used_bytes",
    "memory_size_bytes",
    "memory_reserved_bytes",
    "utilization_ratio",
    "utilization_max_ratio",
    "utilization_stddev_ratio",
    "memory_utilization_ratio",
    "power_watts",
    "power_average_watts",
    "power_max_watts",
    "power_stddev_watts",
    "power_limit_watts",
    "energy_joules",
    "sm_clock_hertz",
    "memory_clock_hertz",
    "memory_clock_max_hertz",
    *(f"clock_event_{reason}_ratio" for reason, _ in CLOCK_EVENTS),
    "temperature_celsius",
    "memory_temperature_celsius",
    "pcie_transmit_bytes",
    "pcie_receive_bytes",
    "nvlink_transmit_bytes",
    "nvlink_receive_bytes",
    "encoder_utilization_ratio",
    "decoder_utilization_ratio",
    *(f"ecc_{kind}_{lifetime}_errors" for kind, lifetime in ECC_ERRORS),
    "remapped_corrected_rows",
    "remapped_uncorrected_rows",
    "remap_pending_ratio",
    "remap_failure_ratio",
    "recovery_action_code",
    "persistence_mode_ratio",
    "accounting_mode_ratio",
    "xid_errors",
    "xid_last_timestamp_seconds",
    "xid_last_code",
    "sm_active_ratio",
    "sm_occupancy_ratio",
    *(f"pipe_{pipe}_ratio" for pipe in PIPES),
    "dram_active_ratio",
    "read_seconds",
)
"""Numbers of a GPU or MIG instance; NaN is "not read".

`xid_last_timestamp_seconds` is on the wire and in a `Reading` in seconds of the monotonic clock:
only `app/` knows the wall clock, and a sampler is told its time.
"""

INDEX = {name: position for position, name in enumerate(FIELDS)}

PROCESS_FIELDS = (
    "memory_used_bytes",
    "sm_utilization_ratio",
    "memory_utilization_ratio",
    "encoder_utilization_ratio",
    "decoder_utilization_ratio",
)
"""Numbers of a process on a GPU."""
