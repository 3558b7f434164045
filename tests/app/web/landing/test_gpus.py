"""GPUs on the page."""

from __future__ import annotations

from aisec_daemon.app.web.landing.gpus import gpus_section
from aisec_daemon.app.web.recent import Recent
from tests.app.web.landing.world import gpu, take


def drawn(*seconds: tuple[float, dict]) -> str:
    recent = Recent()
    for time, rows in seconds:
        recent(take("gpu", time, rows))
    return gpus_section(recent.courses(), seconds[-1][0], {"GPU-2": "critical"})


def test_numbers_stand_beside_their_past():
    rows = {
        "GPU-1": gpu(
            utilization_ratio=0.25,
            power_watts=350.0,
            power_limit_watts=700.0,
            memory_used_bytes=2**35,
            memory_size_bytes=2**36,
            temperature_celsius=61.0,
        )
    }
    page = drawn((0.0, rows), (10.0, rows))

    for text in ("25 %", "350 W", "of 700", "32.0 GiB", "of 64", "61 °C", "GPU-1"):
        assert text in page
    assert page.count("<polyline") == 3
    assert "between 50 and 50 % of its most" in page


def test_unread_is_said_and_is_not_zero():
    page = drawn((0.0, {"GPU-1": gpu(utilization_ratio=0.25)}), (10.0, {"GPU-1": gpu()}))

    assert page.count('<span class="unread">unread</span>') == 4
    assert "0 %<" not in page
    assert "0 W" not in page


def test_a_gpu_that_is_gone_stays_and_says_so():
    page = drawn(
        (0.0, {"GPU-1": gpu(), "GPU-2": gpu("1", power_watts=5.0)}), (10.0, {"GPU-1": gpu()})
    )

    assert page.index("GPU-1") < page.index("GPU-2")
    assert page.count(">gone<") == 1
    assert page.count("about critical") == 1
    assert "5 W" not in page


def test_the_window_grows_to_five_minutes():
    rows = {"GPU-1": gpu(utilization_ratio=0.1)}

    assert "the last 1 min" in drawn((0.0, rows))
    assert "the last 2 min" in drawn((0.0, rows), (130.0, rows))
    assert "the last 5 min" in drawn((0.0, rows), (290.0, rows), (590.0, rows))
