"""The monitor on its own page."""

from __future__ import annotations

from aisec_daemon.app.web.landing.upkeep import upkeep_section
from tests.app.web.landing.world import take


def section(**numbers: float) -> str:
    words = {"part": "sampler/gpu", "error": "", "sensor": ""}
    return upkeep_section(take("upkeep", 0.0, {"sampler/gpu": (numbers, words)}).snapshot)


def test_a_part_that_works_is_well():
    assert 'class="well">sampler/gpu' in section(age_seconds=3.0, period_seconds=1.0)
    assert 'class="well"' in section(age_seconds=140.0, period_seconds=30.0)


def test_a_part_that_is_silent_says_for_how_long():
    assert "<b>sampler/gpu</b> silent for 2 min" in section(age_seconds=120.0, period_seconds=1.0)


def test_a_part_that_fails_says_why_and_comes_first():
    parts = {
        "a": ({"age_seconds": 0.0}, {"part": "a", "error": ""}),
        "b": ({"age_seconds": 0.0}, {"part": "b", "error": "no <permission>"}),
    }
    page = upkeep_section(take("upkeep", 0.0, parts).snapshot)

    assert page.index("<b>b</b>") < page.index(">a<")
    assert "no &lt;permission&gt;" in page
