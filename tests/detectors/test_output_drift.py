"""Output drift: learned, approved, quiet while nothing changes, and told when it does."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.output_drift import OutputDrift
from aisec_daemon.detectors.output_drift.stream import RING, Stream
from aisec_daemon.detectors.output_drift.values import streams
from aisec_daemon.model import Severity, Snapshot, State, View

TABLE = catalogue.tables()["output"]
BEGIN = 1_790_000_000.0
APPROVED = OutputDrift(baseline=5000, approved="fraud, spam-*")


class Model:
    """A model whose outputs are told second by second."""

    def __init__(self, detector=APPROVED, name="fraud"):
        self.detector, self.name = detector, name
        self.state = State.empty(OutputDrift.memory)
        self.time = BEGIN
        self.verdict = None

    def put_out(self, values, a_second=100):
        """Return after how many values it was told, or None."""
        for begin in range(0, len(values), a_second):
            self.time += 1.0
            text = " ".join(values[begin : begin + a_second])
            rows = {self.name: ({"value_rows": 1.0}, {"model": self.name, "values": text})}
            now = Snapshot.from_rows(TABLE, self.time, rows)
            self.state.values.setflags(write=False)
            view = View(self.time, now, np.empty(0), {})
            self.state, self.verdict = self.detector(self.state, view)
            if self.verdict.score[0] >= 1:
                return begin + a_second
        return None


def numbers(draws):
    return [f"{x:.6g}" for x in draws]


def normal(count, seed, shift=0.0, scale=1.0):
    return numbers(np.random.default_rng(seed).normal(shift, scale, count))


@pytest.fixture(scope="module")
def learned():
    model = Model()
    assert model.put_out(normal(RING + 5000, seed=1)) is None
    return model


def copy_of(model):
    again = Model(model.detector, model.name)
    again.state, again.time = model.state, model.time
    return again


def test_an_unchanged_model_is_left_alone(learned):
    model = copy_of(learned)

    assert model.put_out(normal(20_000, seed=2)) is None
    assert 0 <= model.verdict.score[0] < 1


@pytest.mark.parametrize("change", [{"shift": 0.5}, {"shift": -0.5}, {"scale": 1.5}])
def test_a_change_is_told_soon(learned, change):
    assert copy_of(learned).put_out(normal(2000, seed=3, **change)) <= 500


def test_it_says_how_far_and_how_sure(learned):
    model = copy_of(learned)
    model.put_out(normal(300, seed=3, shift=1.0), a_second=300)
    facts = {name: column[0] for name, column in model.verdict.facts.items()}
    (reason,) = model.verdict.reasons

    assert "outputs of model fraud no longer follow their baseline of 5000 values" in reason
    assert "(0.5 false alarms a week are accepted)" in reason
    assert 0.8 < facts["moved_deviations"] < 1.2
    assert model.verdict.severities == (Severity.HIGH,)


def test_a_change_that_is_over_is_over_soon(learned):
    model = copy_of(learned)
    model.put_out(normal(4000, seed=3, shift=1.0), a_second=4000)
    for seed in range(30):
        model.put_out(normal(200, seed=10 + seed))

    assert model.verdict.score[0] < 1


def test_a_baseline_waits_for_approval_and_judges_nothing_before():
    model = Model(OutputDrift(baseline=1000))
    assert model.put_out(normal(RING + 1000, seed=1)) is None
    model.put_out(normal(100, seed=1, shift=5))

    assert model.verdict.score[0] == 1
    assert model.verdict.severities == (Severity.INFO,)
    assert "waits to be approved" in model.verdict.reasons[0]


def test_patterns_approve():
    assert [APPROVED._approves(name) for name in ("fraud", "spam-2", "other")] == [1, 1, 0]


def correlated(count, seed, shift=0.0):
    noise = np.random.default_rng(seed).normal(size=count)
    for at in range(1, count):
        noise[at] += 0.9 * noise[at - 1]
    return numbers(noise + shift)


def test_values_that_hang_together_are_thinned():
    model = Model()
    model.put_out(correlated(RING + 5200, seed=1))
    stride = Stream(model.state.values[0].copy()).number("stride")

    assert stride >= 16
    assert model.put_out(correlated(20_000, seed=2)) is None
    assert model.put_out(correlated(20_000, seed=3, shift=4.0)) is not None


def test_thinning_does_not_depend_on_how_values_come(learned):
    first, second = (copy_of(learned) for _ in range(2))
    for model in (first, second):
        row = model.state.values.copy()
        Stream(row[0]).put("stride", 7.0)
        model.state = State(model.state.keys, row)
    values = normal(500, seed=6)
    first.put_out(values, a_second=100)
    second.put_out(values, a_second=3)

    np.testing.assert_allclose(
        Stream(first.state.values[0].copy()).part("sums"),
        Stream(second.state.values[0].copy()).part("sums"),
    )


def test_words_are_judged_by_how_often_each_comes():
    drawn = np.random.default_rng(0)
    words = np.array(["yes", "no", "maybe"])
    model = Model(name="spam-1")
    assert model.put_out(list(drawn.choice(words, 5100, p=[0.9, 0.08, 0.02]))) is None
    assert model.put_out(list(drawn.choice(words, 5000, p=[0.9, 0.08, 0.02]))) is None

    assert model.put_out(list(drawn.choice(words, 3000, p=[0.8, 0.08, 0.12]))) is not None


def test_a_change_in_one_direction_of_a_vector_is_found():
    drawn = np.random.default_rng(0)

    def vectors(count, shift):
        return [",".join(numbers(row)) for row in drawn.normal(size=(count, 3)) + shift]

    model = Model()
    assert model.put_out(vectors(RING + 5100, 0.0), a_second=200) is None
    assert len(model.state.keys) == 3 + 16
    assert model.put_out(vectors(600, [0.0, 1.0, 0.0])) is not None


def test_a_constant_baseline_is_survived_and_its_end_told():
    model = Model()
    model.put_out(["1"] * (RING + 5100))

    assert model.put_out(["1"] * 1000) is None
    assert model.put_out(["0"] * 500) is not None


def test_unread_values_are_not_judged(learned):
    model = copy_of(learned)
    rows = {"fraud": ({}, {"model": "fraud", "error": "gone"})}
    now = Snapshot.from_rows(TABLE, model.time + 1, rows)
    _, verdict = model.detector(model.state, View(now.time, now, np.empty(0), {}))

    assert np.isnan(verdict.score).all()


def test_numbers_vectors_and_words_are_told_apart():
    assert streams(["0.5", "1e3"])[1].tolist() == [[0.5], [1000.0]]
    assert streams(["1,2", "3,4", "5"])[1].shape == (2, 2 + 16)
    kind, bins = streams(["nan", "inf", "yes"])
    assert (kind, bins.shape) == (2.0, (3, 1))


@pytest.mark.parametrize("wrong", [{"baseline": 5}, {"false_alarms_per_model_week": 0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        OutputDrift(**wrong)
