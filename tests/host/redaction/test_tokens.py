"""Secrets of a known shape."""

from __future__ import annotations

import pytest

from aisec_daemon.host.redaction.tokens import redact_shapes, redact_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://bob:pw@h:80/p@q", "https://<redacted>@h:80/p@q"),
        ("https://medium.com/@user", "https://medium.com/@user"),
        ("redis://:pw@h", "redis://<redacted>@h"),
        ("http://h:8080/a@b", "http://h:8080/a@b"),
        ("img:1@sha256:ab", "img:1@sha256:ab"),
        ("Bearer abcdef", "Bearer <redacted>"),
        ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
        ("0123abcd-0123-4567-89ab-0123456789ab", "<redacted>"),
        ("-pghp_abcdefgh", "-p<redacted>"),
    ],
)
def test_what_stands_in_an_address_or_header(text: str, expected: str) -> None:
    """Host and port stay, a user's name goes with the password."""
    assert redact_tokens(text) == expected


@pytest.mark.parametrize(
    "text",
    ["hf_transfer", "npm_config_cache", "task-runner", "sk-learn", "glpk-utils", "eye_model"],
)
def test_ordinary_names_share_prefixes(text: str) -> None:
    """They are told."""
    assert redact_shapes(text) == text
