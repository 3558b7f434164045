"""Ticks: what every sink is given after each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aisec_daemon.model.finding import Change, Finding
from aisec_daemon.model.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Tick:
    """One step of the pipeline: what was read, what changed, what is open.

    `risen` tells what `increase` holds; it is asked once, by the first who wants to know.
    """

    time: float
    snapshot: Snapshot
    risen: Callable[[], NDArray[np.float64]]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def increase(self) -> NDArray[np.float64]:
        """By how much each counter rose since its subject's last reading, (S, F).

        NaN for gauges, first readings, gaps, wraps and resets.
        """
        return self.risen()
