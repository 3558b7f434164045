"""The law that stands for all samples."""

from __future__ import annotations

import numpy as np
import pytest

from aisec_daemon.numerics.reservoir import MOST, mix


def after(samples):
    """The law after samples that each are one number."""
    law = np.full((32, 1), samples[0], np.float32)
    for count, number in enumerate(samples[1:], 1):
        seen = np.array([count], np.float32)
        law = mix(law, np.full((32, 1), number, np.float32), seen)
    return law[:, 0]


@pytest.mark.parametrize("length", [2, 20, 200, 900])
def test_every_sample_has_the_same_share_of_it(length):
    law = after(np.arange(length))

    assert abs(law.mean() - (length - 1) / 2) < 0.12 * length
    assert (np.diff(law) >= 0).all()


def test_what_is_old_fades():
    law = after(np.append(np.zeros(int(MOST)), np.ones(int(4 * MOST))))

    assert law.mean() > 0.9


def test_a_sample_gives_values_of_its_whole_range():
    levels = np.arange(32, dtype=np.float32)[:, None]
    law = levels.copy()
    for count in range(1, 300):
        law = mix(law, levels, np.array([count], np.float32))

    assert abs(law.mean() - 15.5) < 2
    assert len(np.unique(law)) > 12


def test_the_first_sample_is_the_law():
    law = np.arange(32, dtype=np.float32)[:, None]

    np.testing.assert_array_equal(mix(law, law + 9, np.zeros(1, np.float32)), law)
