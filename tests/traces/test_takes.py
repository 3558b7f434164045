"""Takes: recorded and public traces are played like simulated ones."""

from __future__ import annotations

import gzip
from itertools import pairwise

import numpy as np
import pytest

from tests.traces.generators import Kind, Scene
from tests.traces.takes import RECORDED, public, recorded, recording, simulated

RECORDINGS = {take.name: take for take in recorded()}


def test_every_recording_has_a_truth_and_every_truth_a_recording():
    """The index names the files, the files are those of the index."""
    files = {p.name.removesuffix(".jsonl.gz") for p in RECORDED.glob("*.jsonl.gz")}

    assert files == set(RECORDINGS)
    assert {take.truths[0].kind for take in RECORDINGS.values()} == {Kind.HONEST, Kind.MINING}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_played_and_its_truth_is_in_it(name):
    (truth,) = RECORDINGS[name].truths
    snapshots = list(RECORDINGS[name].play())
    gpu = [s for s in snapshots if s.table.name == "gpu"]

    assert truth.gpus == gpu[0].subjects
    assert gpu[0].time <= truth.begin < truth.end <= gpu[-1].time
    assert bool(truth.processes) == (truth.kind is Kind.MINING)
    if truth.kind is Kind.MINING:
        early = [s["utilization_ratio"][0] for s in gpu if s.time < truth.begin - 1]
        late = [s["utilization_ratio"][0] for s in gpu if s.time > truth.begin + 2]
        assert np.mean(late) > 0.2
        assert np.mean(early or [0]) < 0.1


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_lengthened_by_what_it_holds(name):
    """Times go on rising, counters too, and the mean of its steady part stays."""
    short, long = list(RECORDINGS[name].play()), list(recording(name, 200).play())
    played = [s for s in short if s.table.name in {"gpu", "gpu_process", "process"}]
    gpu = [s for s in long if s.table.name == "gpu"]
    times = [s.time for s in gpu]
    energy = np.array([s["energy_joules"][0] for s in gpu])

    assert [s.time for s in long[:14]] == [s.time for s in played[:14]]  # it begins as it was
    assert times[-1] - times[0] == pytest.approx(200, abs=2)
    assert all(b > a for a, b in pairwise(times))
    assert (np.diff(energy) >= 0).all()
    watts = np.diff(energy)[len(_gpu(short)) :].mean()
    assert watts == pytest.approx(_steady_watts(short), rel=0.25)


def test_a_simulated_take_may_be_played_again():
    take = simulated((1, 2), "t4", [Scene("etchash")], 30)
    one, other = list(take.play()), list(take.play())

    assert len(one) == len(other) > 0
    assert all(
        np.array_equal(a.values, b.values, equal_nan=True) for a, b in zip(one, other, strict=True)
    )
    assert take.truths == simulated((1, 2), "t4", [Scene("etchash")], 30).truths


def test_public_logs_are_looked_at_once_a_second(tmp_path):
    """As a daemon would have looked at that card."""
    folder = tmp_path / "training"
    folder.mkdir()
    rows = [f"2025/07/27 00:22:{27 + i / 10:06.3f}, {70 + i}, 5, 130" for i in range(40)]
    head = "timestamp, power.draw [W], utilization.gpu [%], memory.used [MiB]"
    (folder / "h100_x.csv.gz").write_bytes(gzip.compress("\n".join([head, *rows, ""]).encode()))
    (take,) = public(tmp_path)
    snapshots = list(take.play())

    assert len(snapshots) == 4
    assert [s["power_watts"][0] for s in snapshots] == [70, 80, 90, 100]
    assert take.truths[0].card == "H100"
    assert take.truths[0].kind is Kind.HONEST


def _gpu(snapshots):
    return [s for s in snapshots if s.table.name == "gpu"]


def _steady_watts(snapshots):
    energy = np.array([s["energy_joules"][0] for s in _gpu(snapshots)])
    rises = np.diff(energy)
    return rises[len(rises) // 2 :].mean()
