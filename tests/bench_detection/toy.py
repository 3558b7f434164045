"""A detector that is simple enough to know what it must find: for trying the bench itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from aisec_daemon.model import Read, Rule, Severity, State, Verdict, View


@dataclass(frozen=True)
class Toy:
    """A GPU that is busy all through a window; worse where its power is high as well."""

    rule: ClassVar[Rule] = Rule(
        "toy", "Busy all the time", Severity.WARNING, "Honest work.", hold=5.0
    )
    memory: ClassVar[None] = None
    peers: ClassVar[bool] = False

    window: Annotated[float, "seconds"] = 30.0
    busy: Annotated[float, "share of the time"] = 0.9

    @property
    def reads(self) -> tuple[Read, ...]:
        """Utilisation and power over the window."""
        return (
            Read("gpu", self.window, ("utilization_ratio", "power_watts", "power_limit_watts")),
        )

    def __call__(self, state: State, *views: View | None) -> tuple[State, Verdict]:
        """Judge each GPU by its least utilisation."""
        (gpu,) = views
        enough = gpu.times[-1] - gpu.times[0] >= self.window - 2
        least = gpu["utilization_ratio"].min(axis=0) if enough else np.zeros(len(gpu.subjects))
        share = gpu["power_watts"][-1] / gpu["power_limit_watts"][-1]
        severities = tuple(Severity.HIGH if s > 0.8 else Severity.WARNING for s in share)
        score = (least / self.busy).astype(np.float64)
        return state, Verdict(gpu.subjects, score, severities=severities)
