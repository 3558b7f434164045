"""Names of images: whole where they are lawful, without secrets where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.redaction.image import redact_image

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "name",
    [
        "busybox",
        "registry.example:5000/team/trainer:1.2",
        "[2001:db8::1]:5000/team/trainer",
        f"nvcr.io/nvidia/pytorch@sha256:{HEX}",
        f"nvcr.io/nvidia/pytorch:25.01-py3@sha256:{HEX}",
        f"x@sha512:{HEX}{HEX}",
        f"sha256:{HEX}",
        HEX,
        "registry.example/team/trainer:0f3c5a7d9e1b2c4d6e8f0a1b2c3d4e5f60718293",
        "z" * 512,
    ],
)
def test_lawful_names_stay_as_they_are(name):
    assert redact_image(name) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("alice:pa55@registry.example/x:1", "<redacted>@registry.example/x:1"),
        ("https://alice:p@55/x@registry.example/x", "<redacted>@registry.example/x"),
        (f"u:secret@r.example/x@sha256:{HEX}", f"<redacted>@r.example/x@sha256:{HEX}"),
        ("u:secret@r.example/x@sha256:abc", "<redacted>@sha256:abc"),
        ("r.example/glpat-0123456789abcdef0123/x", "r.example/<redacted>"),
        ("r.example/x:ghp_0123456789abcdefghij", "r.example/x:<redacted>"),
        (f"r.example/key-{HEX}", "r.example/key-<redacted>"),
        ("x\x1b[2J\u202e\n", "x\\x1b[2J\\u202e\\x0a"),
        ("  ", ""),
        ("", ""),
        ("z" * 600, "z" * 511 + "…"),
        ("z" * 100_000, "z" * 511 + "…"),
    ],
)
def test_others_lose_what_is_secret_or_cannot_be_seen(name, told):
    assert redact_image(name) == told


@given(st.text(max_size=600))
def test_any_text_is_bounded_and_printable(name):
    told = redact_image(name)

    assert len(told) <= 512
    assert "\n" not in told
    assert all(ord(c) >= 0x20 for c in told)
