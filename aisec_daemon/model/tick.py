"""Ticks: what every sink is given after each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model.finding import Change, Finding
from aisec_daemon.model.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Tick:
    """One step of the pipeline: what was read, what changed, what is open.

    `increase` is (S, F) float64 beside `snapshot.values`: by how much each counter rose since this
    subject's last reading (NaN for gauges, first readings, gaps, wraps and resets).
    """

    time: float
    snapshot: Snapshot
    increase: NDArray[np.float64]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
