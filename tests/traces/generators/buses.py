"""Buses: what honest work sends over PCIe and NVLink, in bytes per second."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.traces.generators.shapes import Floats, dips
from tests.traces.generators.stage import Stage

Rates = Callable[[Stage, Floats], dict[str, Floats]]


def feeding(low: float, high: float) -> Rates:
    """Return batches sent to the card while it works; a tenth comes back."""

    def rates(stage: Stage, level: Floats) -> dict[str, Floats]:
        rate = stage.log_draw(low, high) * level * stage.rng.lognormal(0, 0.1, len(level))
        return {"pcie_rx": rate, "pcie_tx": rate * 0.1}

    return rates


def linked(low: float, high: float, batches: float) -> Rates:
    """Return gradients sent between cards where they have NVLink, else over PCIe."""

    def rates(stage: Stage, level: Floats) -> dict[str, Floats]:
        noise = stage.rng.lognormal(0, 0.05, len(level))
        between = stage.log_draw(low, high) * level * noise * (len(stage.gpus) > 1)
        fed = stage.log_draw(1e6, batches) * level
        if stage.card.nvlink:
            links = {"nvlink_tx": between, "nvlink_rx": between}
            return {**links, "pcie_rx": fed, "pcie_tx": fed * 0.2}
        return {"pcie_rx": fed + between / 10, "pcie_tx": fed * 0.2 + between / 10}

    return rates


def writing(every: tuple[float, float], size: tuple[float, float]) -> Rates:
    """Return results read back from the card at times, and little between."""

    def rates(stage: Stage, level: Floats) -> dict[str, Floats]:
        seconds = np.arange(len(level), dtype=np.float64)
        pause = stage.log_draw(*every)
        write = 1 - dips(seconds, pause, 1.0, 1.0, stage.rng.random())
        little = stage.log_draw(1e4, 2e7) * level  # [recorded] 10 and 22 MB/s of launches alone
        return {"pcie_tx": little + write * stage.log_draw(*size), "pcie_rx": little * 2}

    return rates


def quiet(stage: Stage, level: Floats) -> dict[str, Floats]:
    """Return launches alone [recorded: 0.1 to 22 MB/s]."""
    rate = stage.log_draw(1e5, 2e7) * level
    return {"pcie_rx": rate * 2, "pcie_tx": rate}


def media(stage: Stage, level: Floats) -> dict[str, Floats]:
    """Return a video decoded and encoded again."""
    work = level * stage.draw(0.3, 0.98)
    rate = stage.log_draw(1e6, 2e8) * level
    return {
        "encoder": work * stage.draw(0.4, 1),
        "decoder": work * stage.draw(0.2, 0.9),
        "pcie_rx": rate,
        "pcie_tx": rate,
    }
