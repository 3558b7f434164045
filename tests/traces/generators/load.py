"""Loads: what one process does on one GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.traces.generators.cards import Card
from tests.traces.generators.shapes import Floats, Level

PIPES = ("integer", "hmma", "imma", "fp64", "fp32", "fp16")
PEAKS = ("busy", "memory", "power", "sm", "occupancy", "dram", *PIPES)
RATES = ("pcie_tx", "pcie_rx", "nvlink_tx", "nvlink_rx", "encoder", "decoder")


@dataclass(frozen=True, eq=False)
class Load:
    """Shares that a GPU shows while this load runs (`peaks`), and when it runs (`level`).

    `power` is the share of what lies between a card that is awake and its limit. `rates` are per
    second and are not scaled by the level. `memory_bytes` (T,) is held whether it runs or not, NaN
    where there is no context. `jitter` is the noise of power as a share of itself.
    """

    peaks: Mapping[str, float]
    level: Level
    memory_bytes: Floats
    rates: Mapping[str, Floats | float] = field(default_factory=dict)
    jitter: float = 0.01
    memory_clock: float = 1.0  # share of the card's highest

    def __post_init__(self) -> None:
        unknown = ({*self.peaks} - {*PEAKS}) | ({*self.rates} - {*RATES})
        if unknown:
            raise ValueError(f"a load has no {unknown}")

    @property
    def there(self) -> Floats:
        """1 where it has a context, else 0."""
        return np.isfinite(self.memory_bytes).astype(np.float64)


def above_awake(card: Card, share_of_limit: float) -> float:
    """Turn a share of the power limit into one of what lies above an awake card."""
    watts = share_of_limit * card.limit_watts - card.awake_watts
    return max(watts / (card.limit_watts - card.awake_watts), 0.01)
