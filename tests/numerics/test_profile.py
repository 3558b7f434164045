"""Profiles: what a series is remembered by, and what is not learned."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.numerics import profile
from tests import naive_drift

YES, NO = np.ones(1, bool), np.zeros(1, bool)


def lived(values):
    memory = profile.empty(1)
    for second, value in enumerate(values, 1):
        profile.tick(memory, np.array([value], np.float32), YES)
        if second % profile.MINUTE == 0:
            profile.learn_minute(memory, YES)
    return memory


def noise(length=1200, seed=0):
    return np.random.default_rng(seed).normal(300, 5, length)


def test_what_is_not_to_be_learned_is_judged_again_and_again():
    memory = lived(noise())
    before = memory.copy()
    scores = [profile.tick(memory, np.array([500], np.float32), NO)[0, 0] for _ in range(5)]

    assert min(scores) > 10
    assert (profile.samples(memory), profile.recent(memory)[-5:].min()) == (1200, 500)
    np.testing.assert_array_equal(profile.minute(memory)[-6:, 0] == 500, [False, *[True] * 5])
    np.testing.assert_array_equal(profile.law(memory), profile.law(before))
    after = [profile.tick(m, np.array([301], np.float32), YES)[1, 0] for m in (memory, before)]
    assert after[0] > after[1]  # the sum of deviations goes on


def test_distance_is_small_in_the_same_law_and_grows_with_a_shift():
    memory = lived(noise())
    same = profile.distance(memory)[0]
    for value in noise(60, seed=1) + 20:
        profile.tick(memory, np.array([value], np.float32), YES)

    assert same < 0.2
    assert profile.distance(memory)[0] > 4 * same


def test_distance_agrees_with_the_slow_twin():
    values = noise(600)
    memory = lived(values)
    law = profile.law(memory)[:, 0]
    slow = naive_drift.wasserstein(values[-60:].tolist(), law.tolist()) / (law[-2] - law[1])

    assert profile.distance(memory)[0] == pytest.approx(slow, rel=1e-3)


def test_nothing_is_said_before_a_minute_was_learned():
    memory = lived(noise(59))

    assert np.isnan(profile.distance(memory)).all()
    assert np.isnan(profile.law(memory)).all()


def test_the_law_is_that_of_all_minutes():
    low, high = noise(6000), noise(6000) + 100
    law = profile.law(lived(np.concatenate([low, high])))[:, 0]

    assert 0.4 < (law > 350).mean() < 0.6


def test_a_constant_that_changes_is_far_but_finite():
    memory = lived(np.full(600, 5.0))

    assert profile.distance(memory)[0] == 0
    for _ in range(60):
        profile.tick(memory, np.array([6.0], np.float32), YES)
    assert 1 < profile.distance(memory)[0] < np.inf
    zero = lived(np.zeros(600))
    for _ in range(60):
        profile.tick(zero, np.array([1.0], np.float32), YES)
    assert 1 < profile.distance(zero)[0] < np.inf
