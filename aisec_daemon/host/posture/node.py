"""What of the node itself bears on how well GPU workloads are kept apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.host.nvml.fields import INDEX
from aisec_daemon.host.nvml.reading import GpuReading
from aisec_daemon.host.posture.mps import read_pipes
from aisec_daemon.host.posture.toolkit import read_toolkit


@dataclass(frozen=True)
class NodeFacts:
    """The node; NaN and None are what could not be read.

    `toolkit` is the NVIDIA Container Toolkit's version, `mps_pipe` who may write the control pipe
    of CUDA's Multi-Process Service; the ratios are shares of all GPUs that have the mode on.
    """

    toolkit: str | None = None
    mps_pipe: str | None = None
    gpus: float = math.nan
    persistence_ratio: float = math.nan
    accounting_ratio: float = math.nan


def read_files(roots: tuple[Path, ...], services: Iterable[Path]) -> NodeFacts:
    """Read what stands in files; see `toolkit` and `mps`."""
    return NodeFacts(read_toolkit(roots), read_pipes(roots, services))


def share_on(gpus: Iterable[GpuReading], name: str) -> float:
    """Return the share of GPUs whose number of this name is 1; NaN if one is not known."""
    numbers = [gpu.numbers[INDEX[name]] for gpu in gpus if gpu.identity.kind == "gpu"]
    return math.fsum(numbers) / len(numbers) if numbers else math.nan
