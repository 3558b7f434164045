"""Whatever an attacker calls himself, what went in comes out, and the file holds ASCII."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.journal.kept import pack_state, unpack_state
from aisec_daemon.journal.packing import (
    ascii_text,
    original,
    pack_evidence,
    pack_finding,
    unpack_evidence,
    unpack_finding,
    unpacked,
    unpacked_evidence,
)
from aisec_daemon.model import Evidence, State
from tests.journal.findings import finding

# Two halves of one character that stand side by side are read back as that character.
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["\x1b[2J", "a\nb", "'\"\\", "\ud800", "x" * 65536, "</script>", "\u202e", "\0"]
)
NUMBERS = st.floats(width=64)


@given(WORDS)
def test_any_text_fits_a_column(text):
    assert original(ascii_text(text)) == text
    assert ascii_text(text).isascii()
    assert "\n" not in ascii_text(text)


@given(WORDS, NUMBERS, st.dictionaries(WORDS, WORDS | NUMBERS, max_size=3))
def test_a_finding_comes_back_as_it_was(text, number, facts):
    given_one = finding(
        text, reason=text, subjects=(text, "b"), labels={"user": text}, facts=facts, score=number
    )
    packed = pack_finding(given_one)
    back = unpack_finding(packed)

    assert packed.isascii()
    assert repr(back) == repr(given_one)


@given(WORDS, st.lists(NUMBERS, min_size=3, max_size=3))
def test_evidence_comes_back_to_six_digits(text, numbers):
    given_one = Evidence(
        "gpu",
        1.0,
        (text,),
        {"power_watts": (numbers[0],)},
        {"user": (text,), "unit": (None,)},
        (1.0, 2.0, 3.0),
        {"power_watts": (tuple(numbers),)},
        more=4,
    )
    (back,) = unpack_evidence(pack_evidence([given_one]))

    assert (back.table, back.time, back.subjects, back.words, back.times, back.more) == (
        "gpu",
        1.0,
        (text,),
        given_one.words,
        given_one.times,
        4,
    )
    for before, after in zip(numbers, back.past["power_watts"][0], strict=True):
        assert after == pytest.approx(before, rel=1e-5, nan_ok=True)


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[]", "null", '{"id": 1}', pack_finding(finding())[:-9]]
)
def test_what_is_damaged_is_nothing(text):
    assert unpacked(text) is None
    assert unpacked_evidence(text.encode()) == ()


def test_what_was_not_read_stays_unread():
    back = unpack_finding(pack_finding(finding(facts={"x": math.nan, "y": math.inf})))

    assert math.isnan(back.facts["x"])
    assert back.facts["y"] == math.inf
    assert math.isnan(back.closed)


def test_memory_of_half_width_keeps_its_width_its_infinities_and_gaps():
    """Its length alone tells it from float64."""
    values = np.array([[np.inf, np.nan, 0.1], [-np.inf, 2.0, 3.0]], np.float32)
    again = unpack_state(pack_state(State(("x", "y"), values)))

    assert again.keys == ("x", "y")
    assert again.values.dtype == np.float32
    np.testing.assert_array_equal(again.values, values)
    wide = unpack_state(pack_state(State(("x", "y"), values.astype(np.float64))))
    assert wide.values.dtype == np.float64
