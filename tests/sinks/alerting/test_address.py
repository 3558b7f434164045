"""Where an Alertmanager is, and what is no such place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.sinks.alerting.address import Address


def test_an_address_is_taken_apart():
    assert Address.parse("https://AM1.example.org/alerts/") == Address(
        "https://am1.example.org/alerts",
        "am1.example.org",
        443,
        "/alerts/api/v2/alerts",
        encrypted=True,
    )
    plain = Address.parse("http://[::1]:9093")
    assert (plain.host, plain.port, plain.path, plain.encrypted) == (
        "::1",
        9093,
        "/api/v2/alerts",
        False,
    )
    assert (plain.name, plain.header) == ("http://[::1]:9093", "[::1]:9093")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "am1:9093",
            "ftp://am1",
            "https://",
            "https://am 1",
            "http://am1/\r\nX: y",
            "http://ä",
        ),
        *("http://am1:99999", "http://am1:x", "http://am1/?a=b", "http://am1/#a", "http://[::1"),
    ],
)
def test_others_are_refused(url):
    with pytest.raises(ValueError, match=r"address|IPv6"):
        Address.parse(url)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(ValueError, match="password_file") as refusal:
        Address.parse("https://aisec:hunter2@am1")

    assert "hunter2" not in str(refusal.value)


@given(st.text(max_size=40) | st.from_regex(r"https?://.{0,30}"))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        address = Address.parse(text)
    except ValueError:
        return
    assert address.name.isascii()
    assert 0 <= address.port <= 65535
