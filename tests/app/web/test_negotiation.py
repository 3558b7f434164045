"""Content negotiation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app.web.negotiation import prefers_openmetrics, takes_gzip

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2,
        PROMETHEUS_3,
        "application/openmetrics-text",
        'Application/OpenMetrics-Text; version="1.0.0"; q=0.9, text/plain; q=0.8',
        "text/plain;q=0.5,application/openmetrics-text;q=0.5",
    ],
)
def test_openmetrics_goes_to_those_who_want_it(accept: str) -> None:
    """Named, and wanted at least as much as plain text."""
    assert prefers_openmetrics(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/html,*/*;q=0.8",
        "text/plain;version=0.0.4,application/openmetrics-text;q=0.9",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;version=0.0.1,text/plain;q=0.1",
        "application/openmetrics-text;q=nonsense",
        "application/openmetrics-text;q=nan",
        "application/openmetrics-text;q=7,text/plain;q=0.1",
    ],
)
def test_text_goes_to_all_others(accept: str) -> None:
    """Browsers and curl included."""
    assert not prefers_openmetrics(accept)


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("gzip", True),
        ("deflate, GZip;q=0.5", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
    ],
)
def test_gzip_goes_to_those_who_take_it(accept: str, packed: bool) -> None:
    """A quality of 0 is a refusal."""
    assert takes_gzip(accept) is packed


@given(st.text(max_size=80))
def test_any_header_has_an_answer(header: str) -> None:
    """Nothing is raised for nonsense."""
    assert {prefers_openmetrics(header), takes_gzip(header)} <= {True, False}
