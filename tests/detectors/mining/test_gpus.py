from __future__ import annotations

import warnings

import numpy as np
import pytest

from aisec_daemon.detectors.mining import Mining
from aisec_daemon.detectors.mining.gpus import features
from tests.detectors.mining.given import HASHING, MINER, SECONDS, gpu, view

READ = Mining().reads[0]


def of(behaviour, **more):
    found = features(view(READ, gpu(behaviour, **more)), 40.0, 20)
    return dict(zip(found.names, found.table[:, 0].tolist(), strict=True))


@pytest.mark.parametrize("duty", [1.0, 0.5, 0.1])
def test_shares_of_pipes_are_the_same_at_any_duty(duty):
    found = of(MINER | {k: v * duty for k, v in HASHING.items()})

    assert found["integer"] == pytest.approx(0.97 / 0.99, abs=1e-3)
    assert found["floating"] == 0


def test_a_gpu_that_hardly_worked_has_no_shares():
    """Fifteen readings of work are the least to speak of."""
    on = np.arange(SECONDS) > SECONDS - 10
    found = of(MINER | {k: np.where(on, v, 0.0) for k, v in HASHING.items()})

    assert np.isnan(found["integer"])


def test_a_short_burst_on_the_bus_is_not_its_usual_traffic():
    rate = np.full(SECONDS, 1e5)
    rate[-20] = 1e10

    assert of(MINER | {"pcie_receive_bytes_per_second": rate})["bus"] == pytest.approx(5e5)


def test_memory_is_still_once_its_table_is_built():
    used = np.linspace(0, 4e9, SECONDS)
    used[-20:] = 4e9

    assert of(MINER | {"memory_used_bytes": used})["memory_extent"] == 0


def test_a_direction_that_is_not_counted_makes_the_sum_unknown():
    """Half of the traffic is not little traffic."""
    assert np.isnan(of(MINER | {"pcie_receive_bytes_per_second": np.nan})["bus"])


def test_too_few_readings_say_nothing():
    few = {k: np.where(np.arange(SECONDS) > SECONDS - 10, v, np.nan) for k, v in MINER.items()}
    found = of(few)

    assert np.isnan(found["utilization"])
    assert np.isnan(found["bus"])
    assert found["power"] == 250.0  # what it draws is known at once, for the ledger


def test_nothing_read_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = of(dict.fromkeys(MINER, np.nan))

    assert all(np.isnan(v) for name, v in found.items() if name in ("utilization", "power", "bus"))


def test_switching_on_and_off_is_counted():
    wave = (np.arange(SECONDS) % 10 < 5).astype(float)
    found = of(MINER | {"utilization_ratio": wave, "power_watts": 100 + 100 * wave})

    assert found["off"] == pytest.approx(0.5, abs=0.02)
    assert found["switches"] >= 4
    assert found["repetition"] > 0.8
