"""Secrets behind a name."""

from __future__ import annotations

import pytest

from aisec_daemon.host.redaction.assignments import redact_assignments, redact_headers


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=1", "a=1"),
        ("PASSWORD=a,b;c", "PASSWORD=<redacted>"),
        ('{"token":"x","n":1}', '{"token":"<redacted>","n":1}'),
        ('{"token":"x\\"y","n":1}', '{"token":"<redacted>","n":1}'),
        ("https://h/?a=1&token=x&b=2#c", "https://h/?a=1&token=<redacted>&b=2#c"),
        ("user=a,password=b", "user=a,password=<redacted>"),
        ("--env=TOKEN=x", "--env=TOKEN=<redacted>"),
        ("http://auth:8080/", "http://auth:8080/"),
        ("token=", "token="),
    ],
)
def test_a_value_ends_with_its_word_or_quote(word: str, expected: str) -> None:
    """Or, in a query, with the next parameter."""
    assert redact_assignments(word) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Basic a b", "Authorization: <redacted>"),
        ("-H 'Cookie: a=b; c=d' x", "-H 'Cookie: <redacted>' x"),
        ('{"password": "a b", "n": 1}', '{"password": "<redacted>", "n": 1}'),
        ("X-Foo: bar Authorization: Basic a", "X-Foo: bar Authorization: <redacted>"),
        ("nginx: worker process", "nginx: worker process"),
    ],
)
def test_a_header_ends_with_its_line_or_quote(text: str, expected: str) -> None:
    """Spaces do not end it."""
    assert redact_headers(text) == expected
