"""Findings on the page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aisec_daemon.app.web.landing.findings import findings_section, tones
from aisec_daemon.model import Severity
from tests.app.web.landing.world import FINDING


def test_numbers_that_are_not_known_are_a_dash():
    page = findings_section([replace(FINDING, facts={"rate": np.float64("nan")})], 100.0)

    assert "<dt>rate</dt><dd>\N{EN DASH}</dd>" in page
    assert "nan" not in page


def test_facts_of_numpy_read_like_any_other():
    page = findings_section([replace(FINDING, facts={"rate": np.float32(1234.5)})], 100.0)

    assert "<dd>1234</dd>" in page


def test_a_card_has_the_id_that_notifications_and_commands_use():
    assert f"<code>{FINDING.id}</code>" in findings_section([FINDING], 119.0)


def test_empty_facts_are_left_out():
    assert "<dt>algorithm" not in findings_section([replace(FINDING, facts={"algorithm": ""})], 0.0)


def test_a_gpu_has_the_tone_of_the_gravest_that_is_open_about_it():
    found = [
        replace(FINDING, subjects=("GPU-1/42:7",), severity=Severity.CRITICAL),
        replace(FINDING, subjects=("gpu/GPU-1", "gpu/GPU-2")),
        replace(FINDING, subjects=("GPU-3",), allowed="burn-in"),
    ]

    assert tones(found, ["GPU-1", "GPU-2", "GPU-3"]) == {"GPU-1": "critical", "GPU-2": "high"}
