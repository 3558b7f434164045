"""Words on the page."""

from __future__ import annotations

import math

import pytest

from aisec_daemon.app.web.landing.words import NOTHING, UNREAD, clock, safe, share, size, span, word


def test_what_cannot_be_seen_is_written_out():
    assert safe("a\u202eb\x1b[2Jc\u200bd\n", 64) == "a\\u202eb\\x1b[2Jc\\u200bd\\n"


def test_markup_is_text():
    assert safe("<b a=\"1\" c='2'>&", 64) == "&lt;b a=&quot;1&quot; c=&#x27;2&#x27;&gt;&amp;"


def test_long_text_ends_in_an_ellipsis():
    assert safe("x" * 99, 5) == "xxxx…"


def test_piles_of_marks_are_taken_down_and_accents_stay():
    assert safe("e\u0301" + "a" + "\u0301" * 90, 200) == "e\u0301" + "a\u0301\u0301"


def test_unread_is_not_empty():
    assert word(None) == UNREAD
    assert word("") == NOTHING
    assert word("x") == "<bdi>x</bdi>"
    assert (size(math.nan), share(math.nan)) == (UNREAD, UNREAD)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 s"), (-3, "0 s"), (150, "2 min"), (7500, "2 h 5 min"), (200_000, "2 d 7 h")],
)
def test_spans_have_their_largest_units(seconds, text):
    assert span(seconds) == text


def test_moments_and_sizes():
    assert clock(0.0) == '<time datetime="1970-01-01T00:00:00Z">1970-01-01 00:00:00 UTC</time>'
    assert clock(math.nan) == ""
    assert (size(2**20), size(3 * 2**30)) == ("1 MiB", "3.0 GiB")
