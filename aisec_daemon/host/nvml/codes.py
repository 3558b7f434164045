"""NVML's return codes and what they mean for us; both sides of the pipe know them."""

from __future__ import annotations

SUCCESS = 0
UNINITIALIZED = 1
NOT_SUPPORTED = 3
NOT_FOUND = 6
INSUFFICIENT_SIZE = 7
DRIVER_NOT_LOADED = 9
TIMEOUT = 10
FUNCTION_NOT_FOUND = 13
GPU_IS_LOST = 15
RESET_REQUIRED = 16
OPERATING_SYSTEM = 17
LIB_RM_VERSION_MISMATCH = 18
ARGUMENT_VERSION_MISMATCH = 25
DEPRECATED = 26
GPU_NOT_FOUND = 28
UNKNOWN = 999

PERMANENT = frozenset({NOT_SUPPORTED, FUNCTION_NOT_FOUND, ARGUMENT_VERSION_MISMATCH, DEPRECATED})
"""Answers that this driver will give to this call for as long as it lives."""

DRIVER_GONE = frozenset({UNINITIALIZED, DRIVER_NOT_LOADED, LIB_RM_VERSION_MISMATCH})
"""Answers after which only a fresh process can talk to the driver."""

LOST = DRIVER_GONE | {GPU_IS_LOST, RESET_REQUIRED, OPERATING_SYSTEM, GPU_NOT_FOUND}
"""Answers after which this process will hear nothing more of this GPU."""

IN_WORDS = {
    4: "this user may not ask that",
    DRIVER_NOT_LOADED: "the NVIDIA kernel module is not loaded",
    12: "there is no NVIDIA driver library, libnvidia-ml.so.1",
    GPU_IS_LOST: "the GPU fell off the bus or is out of reach",
    RESET_REQUIRED: "the GPU must be reset",
    LIB_RM_VERSION_MISMATCH: "driver library and kernel module differ: an upgrade is not complete",
}
"""What a code means to whoever reads a finding at night."""
