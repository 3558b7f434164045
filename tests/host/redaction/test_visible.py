"""Text that is safe to look at."""

from __future__ import annotations

import pytest

from aisec_daemon.host.redaction.visible import decode, visible


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"plain \\ text", "plain \\ text"),
        ("größe 模型".encode(), "größe 模型"),
        (b"a\nb\x1b\x7f", "a\\x0ab\\x1b\\x7f"),
        (b"\xff\x80", "\\xff\\x80"),
        ("\x85\u202e\u2066\ufeff".encode(), "\\x85\\u202e\\u2066\\ufeff"),
        ("\U000e0041".encode(), "\\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_escaped(raw: bytes, expected: str) -> None:
    """And nothing else is."""
    assert visible(decode(raw)) == expected
