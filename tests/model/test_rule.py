"""Numbers of facts, as people read them."""

from __future__ import annotations

import pytest

from aisec_daemon.model.rule import worded


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (412.25, "412.25"),
        (0.0, "0"),
        (7.655e-05, "7.655e-05"),
        (123456.7, "123457"),
        (999999.7, "1,000,000"),
        (38654705664.0, "38,654,705,664"),
        (-2.5e9, "-2,500,000,000"),
        (1.5e300, "1.5e+300"),
    ],
)
def test_bytes_are_counted_and_not_raised_to_a_power(number, said):
    assert worded(number) == said


def test_fewer_digits_make_no_exponent_either():
    assert worded(15000.4, 4) == "15,000"
