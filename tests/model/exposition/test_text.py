"""Words and headers as text."""

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from aisec_daemon.model.exposition.families import Family
from aisec_daemon.model.exposition.text import header, pairs, samples, shown

GAUGE = Family("aisec_x_watts", "gauge", "X.")


def test_unread_is_said() -> None:
    """Unread is not the empty word."""
    assert (shown(None), shown("")) == ("unknown", "")


def test_a_long_word_is_cut() -> None:
    """64 KiB of name take 256 characters."""
    assert shown("x" * 65_536) == "x" * 255 + "…"
    assert shown("x" * 256) == "x" * 256


def test_what_no_terminal_should_see_is_replaced() -> None:
    """NUL, escape and lone surrogates become U+FFFD; a newline is escaped."""
    assert pairs([("a", "\0\x1b\udc80\n")]) == 'a="\ufffd\ufffd\ufffd\\n"'


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_word_parses_back(word: str) -> None:
    """What the parser reads is what `shown` says."""
    chunk = samples(GAUGE, [({"word": word}, 1.0)], {})
    page = header(GAUGE, openmetrics=False) + chunk.body + b"\n"
    (family,) = text_string_to_metric_families(page.decode())

    assert family.samples[0].labels == {"word": shown(word)}


def test_what_is_not_finite_is_left_out() -> None:
    """NaN and infinity leave a gap."""
    values = [({"a": "1"}, math.nan), ({"a": "2"}, math.inf), ({"a": "3"}, 0.5)]

    assert samples(GAUGE, values, {}).body == b'\naisec_x_watts{a="3"} 0.5'


def test_a_series_own_label_wins_over_a_constant_one() -> None:
    """No label is there twice."""
    chunk = samples(GAUGE, [({"a": "own"}, 1.0)], {"a": "constant", "b": "constant"})

    assert chunk.body == b'\naisec_x_watts{b="constant",a="own"} 1.0'


def test_headers_differ_between_the_formats() -> None:
    """OpenMetrics leaves suffixes out of the family's name and has more types."""
    counter = Family("aisec_x_joules_total", "counter", 'Say "x"\\\n.')
    info = Family("aisec_x_info", "info", "X.")
    count = Family("aisec_x_count", "unknown", "X.")

    assert header(counter, openmetrics=True).decode() == (
        '# HELP aisec_x_joules Say \\"x\\"\\\\\\n.\n# TYPE aisec_x_joules counter'
    )
    assert header(counter, openmetrics=False).decode() == (
        '# HELP aisec_x_joules_total Say "x"\\\\\\n.\n# TYPE aisec_x_joules_total counter'
    )
    assert header(info, openmetrics=True).endswith(b"# TYPE aisec_x info")
    assert header(info, openmetrics=False).endswith(b"# TYPE aisec_x_info gauge")
    assert header(count, openmetrics=True).endswith(b"# TYPE aisec_x_count unknown")
    assert header(count, openmetrics=False).endswith(b"# TYPE aisec_x_count untyped")
