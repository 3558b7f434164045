"""Any text becomes one line of bounded length that can be written and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.sinks.alerting.text import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("miner ünïcode 矿工", "miner ünïcode 矿工"),
        ("a\nb\x1b[31m\0", r"a\nb\x1b[31m\x00"),
        ("\udcff\ud800\u202e\u200b", r"\udcff\ud800\u202e\u200b"),
        ("x" * 31, "x" * 29 + "…"),
        ("x" * 30, "x" * 30),
        ("\n" * 16, r"\n" * 14 + "\\…"),
    ],
)
def test_what_cannot_be_seen_is_escaped_and_what_is_too_long_is_cut(text, shown):
    assert plain(text, 30) == shown


@given(st.text(st.characters(), max_size=300), st.integers(1, 200))
def test_it_is_one_printable_line_that_utf_8_can_hold(text, length):
    shown = plain(text, length)

    assert len(shown) <= length
    assert shown.isprintable()
    assert shown.encode().decode() == shown
