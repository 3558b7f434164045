"""Opaque runs of letters and digits."""

from __future__ import annotations

from random import Random
from string import ascii_letters, digits

import pytest

from aisec_daemon.host.redaction.entropy import is_opaque, redact_opaque

NAMES = [
    "meta-llama",
    "Llama-3",
    "8B-Instruct",
    "Mixtral-8x7B-Instruct-v0",
    "all-MiniLM-L6-v2",
    "DeepSeek-R1-Distill-Qwen-32B",
    "manylinux_2_17_x86_64",
    "run_20241105_093000",
    "20241105T093000Z",
    "1732405678123456789",
    "gpu-node-a100-03",
    "my-app-7d9f8b6c5d-x2x4z",
    "calico-node-4qk7w",
    "nvidia-device-plugin-daemonset",
    "events_unbound",
    "tensor-parallel-size",
    "gpu-memory-utilization",
    "autolykos2",
    "equihash144_5",
    "CUDA_VISIBLE_DEVICES",
    "getElementsByTagName",
    "test_mingw32ccompiler",
    "checkpoint-12000",
    "libstdcplusplus",
    "international",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_not_opaque(name: str) -> None:
    """Models, dates, versions, pods, flags, numbers."""
    assert not is_opaque(name)


@pytest.mark.parametrize("length", [24, 32, 48])
def test_what_chance_made_is_opaque(length: int) -> None:
    """At most one in five hundred is passed over, alone or inside a name."""
    random = Random(length)
    tokens = ["".join(random.choices(ascii_letters + digits, k=length)) for _ in range(500)]

    assert sum(not is_opaque(token) for token in tokens) <= 1
    assert sum(not is_opaque(f"my-model-{token}-final") for token in tokens) <= 1


def test_what_is_short_is_told() -> None:
    """Eleven characters of anything can be guessed."""
    assert not is_opaque("xK9qZ3vB7wM")
    assert is_opaque("xK9qZ3vB7wM2")


def test_only_the_opaque_part_of_a_path_is_hidden() -> None:
    """And what slashes cut off it, but no plain words."""
    token = "wJalrXUtnFEMIaa8" + "/K7MDENG/bPxRfiCYEXAMPLEKEY"

    assert redact_opaque(f"/srv/{token}/data") == "/srv/<redacted>/<redacted>/<redacted>/data"
    assert redact_opaque("/usr/lib/python3") == "/usr/lib/python3"


def test_base64_that_its_slashes_cut_short_is_hidden() -> None:
    """No part of it is twelve characters long and odd enough alone."""
    text = redact_opaque("name:L/kwIqk/RHDKTnVjHxY/WJhgvcAg/KYWfOnCAq9d,b")

    assert text == "name:" + "/".join(["<redacted>"] * 5) + ",b"
