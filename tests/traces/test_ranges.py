"""Ranges: what was recorded on an H200 lies within what is simulated for its kind."""

from __future__ import annotations

import numpy as np
import pytest

from tests.traces.generators import ALGORITHMS, CARDS
from tests.traces.generators.scenes import WORKS
from tests.traces.takes import recording

MINING = {"random-reads": "etchash", "integers": "core-bound", "int8-products": "pearl"}
HONEST = {
    "stencil": "stencil",
    "bodies": "molecular-dynamics",
    "matrix-burn": "burn-in",
    "train-convolution": "training-small",
    "train-small": "training-small",
    "train-transformer": "training-large",
}
COLUMNS = {
    "memory": "memory_utilization_ratio",
    "integer": "pipe_integer_ratio",
    "imma": "pipe_tensor_imma_ratio",
    "hmma": "pipe_tensor_hmma_ratio",
    "fp32": "pipe_fp32_ratio",
    "dram": "dram_active_ratio",
}
ROUNDED = 0.02  # of a share: what averaging over the recording moves


def steady(name: str) -> dict[str, float]:
    """Return the means over a recording's last half."""
    gpu = [s for s in recording(name).play() if s.table.name == "gpu"]
    gpu = gpu[len(gpu) // 2 :]
    means = {k: float(np.nanmean([s[c][0] for s in gpu])) for k, c in COLUMNS.items()}
    watts = np.mean([s["power_watts"][0] for s in gpu])
    return {**means, "power": float(watts / CARDS["h200"].limit_watts)}


def within(value: float, span: tuple[float, float]) -> bool:
    return span[0] - ROUNDED <= value <= span[1] + ROUNDED


@pytest.mark.parametrize("name", MINING)
def test_stand_ins_lie_within_their_algorithm(name):
    algorithm, found = ALGORITHMS[MINING[name]], steady(name)
    spans = {
        "memory": algorithm.memory_large,
        "power": algorithm.power_large,
        "integer": algorithm.integer,
        "imma": algorithm.imma,
        "dram": algorithm.dram,
    }

    assert {k: found[k] for k, span in spans.items() if not within(found[k], span)} == {}
    assert found["hmma"] == found["fp32"] == 0


@pytest.mark.parametrize("name", HONEST)
def test_honest_loads_lie_within_their_kind(name):
    work, found = WORKS[HONEST[name]], steady(name)
    spans = {**work.peaks, "power": work.power}
    spans = {k: spans.get(k, (0.0, 0.0)) for k in found}

    assert {k: found[k] for k, span in spans.items() if not within(found[k], span)} == {}
