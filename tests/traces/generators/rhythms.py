"""Rhythms of honest work, around 1, on tenths of seconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.traces.generators.shapes import Floats, bursts, dips, square, steps, wander
from tests.traces.generators.stage import Stage

Shape = Callable[[Stage], Floats]


def flat(stage: Stage) -> Floats:
    """Without any change: honest work can be as flat as any other (0.1 to 0.8 % in public logs)."""
    return np.ones(len(stage.at))


def training(stage: Stage) -> Floats:
    """Steps, a validation every few minutes, now and then a checkpoint.

    [recorded] a power that moves by 8 % from second to second; validations and pauses of a second.
    """
    step = stage.log_draw(0.1, 3.0)
    shape = dips(stage.at, step, step * stage.draw(0.05, 0.25), stage.draw(0.2, 0.7))
    every = stage.log_draw(20, 400)
    shape *= dips(stage.at, every, stage.draw(1, 8), stage.draw(0.2, 0.8), stage.rng.random())
    every = stage.log_draw(60, 900)
    return shape * dips(stage.at, every, stage.draw(0.5, 15), 1.0, stage.rng.random())


def smooth_training(stage: Stage) -> Floats:
    """Steps too short to be seen, and hardly ever anything else: flat for minutes."""
    every = stage.log_draw(200, 2000)
    return dips(stage.at, every, stage.draw(0.5, 5), stage.draw(0.3, 1), stage.rng.random())


def starved(stage: Stage) -> Floats:
    """Bursts of steps while a batch is there [recorded: 4 % in the mean]."""
    period = stage.log_draw(0.5, 8)
    pulse = square(stage.at, period, stage.draw(0.04, 0.4), stage.rng.random())
    return pulse * np.clip(1 + wander(stage.rng, len(stage.at), 0.3, 30), 0, 1)


def generating(stage: Stage) -> Floats:
    """A full batch without a pause: memory-bound, 1 to 3 % up and down as sequences grow."""
    grown = 1 - stage.draw(0.01, 0.06) * np.mod(stage.at / stage.log_draw(8, 90), 1.0)
    return grown * np.clip(
        1 + wander(stage.rng, len(stage.at), stage.draw(0.002, 0.02), 20), 0.8, 1
    )


def users(stage: Stage) -> Floats:
    """As people ask: requests at random, more at one time than at another."""
    return bursts(stage.rng, stage.at, stage.log_draw(0.02, 0.6), stage.log_draw(1, 12))


def rare(stage: Stage) -> Floats:
    """Something small a few times a minute."""
    return bursts(stage.rng, stage.at, stage.log_draw(0.01, 0.1), stage.log_draw(0.2, 2))


def phases(stage: Stage) -> Floats:
    """Stages of different load, 1 to 60 s each, with pauses of the GPU between."""
    level = np.clip(steps(stage.rng, stage.at, stage.log_draw(2, 30), 0.3), 0.1, 1)
    every = stage.log_draw(8, 90)
    return level * dips(stage.at, every, every * stage.draw(0.05, 0.3), 1.0, stage.rng.random())


def frames(stage: Stage) -> Floats:
    """A frame after the other, each with a pause in which the next is prepared."""
    frame = stage.log_draw(2, 200)
    return dips(stage.at, frame, min(frame * 0.3, stage.draw(0.3, 4)), 0.95, stage.rng.random())


def rounds(stage: Stage) -> Floats:
    """Training for a round, then waiting for the others."""
    period = stage.log_draw(60, 300)
    return training(stage) * square(stage.at, period, stage.draw(0.3, 0.8), stage.rng.random())


def idle(stage: Stage) -> Floats:
    """Hardly anything: a cell run by hand every few minutes."""
    return bursts(stage.rng, stage.at, stage.log_draw(0.0005, 0.01), stage.log_draw(0.3, 15))
