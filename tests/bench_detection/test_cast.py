"""The cast: everything is played, and what is held out is not."""

from __future__ import annotations

import pytest

from tests.bench_detection.cast import GPUS, HELD, Held, nights
from tests.bench_detection.holdout import TRAINING, Trial
from tests.bench_detection.panel import Panel
from tests.traces.generators import ALGORITHMS, EVASIONS, HONEST


def shown(found):
    return [(night.card, scene) for night in found for scene in night.scenes]


def test_every_scene_is_played_as_often_as_was_asked():
    """Each algorithm plain, each evasion, each kind of honest work; no node is too small."""
    found = nights(1, 3, ["h200"])
    scenes = [scene for _, scene in shown(found)]

    for name in ALGORITHMS:
        assert sum(s.family == name and not s.evasion for s in scenes) == 3
    for name in EVASIONS:
        assert sum(s.evasion == name for s in scenes) == 3
    for name in HONEST:
        assert sum(s.family == name for s in scenes) == 3
    assert max(sum(s.gpus for s in night.scenes) for night in found) <= GPUS


def test_nodes_are_their_own_and_the_same_each_time():
    """No two nodes share a seed; the same seed is the same cast."""
    found = nights(1, 2)

    assert found == nights(1, 2)
    assert found != nights(2, 2)
    assert len({night.seed for night in found}) == len(found)


def test_listed_names_are_judged_with_and_without_lists():
    """Else one could not say what lists add."""
    for night in nights(1, 2, ["t4"]):
        if any(s.mining and not s.evasion for s in night.scenes):
            assert {"everything", "lists off"} <= set(night.views)


@pytest.mark.parametrize("held", HELD, ids=str)
def test_what_is_held_out_is_nowhere_in_the_training(held):
    """Neither the scene nor a run of it."""
    training = shown(nights(1 + TRAINING, 1, held=held))
    test = shown(Trial(Panel(()), lambda _: {}, 1, 1).only(held))

    assert training
    assert test
    assert not any(held.covers(card, scene) for card, scene in training)
    assert all(held.covers(card, scene) for card, scene in test)


def test_nothing_held_out_leaves_everything():
    assert not any(Held().covers(card, scene) for card, scene in shown(nights(1, 1)))
