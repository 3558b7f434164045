"""Findings on the page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aisec_daemon.app.web.landing.findings import findings_section
from tests.app.web.landing.world import FINDING


def test_numbers_that_are_not_known_are_a_dash():
    page = findings_section([replace(FINDING, facts={"rate": np.float64("nan")})], 100.0)

    assert "<dt>rate</dt><dd>\N{EN DASH}</dd>" in page
    assert "nan" not in page


def test_facts_of_numpy_read_like_any_other():
    page = findings_section([replace(FINDING, facts={"rate": np.float32(1234.5)})], 100.0)

    assert "<dd>1234</dd>" in page
