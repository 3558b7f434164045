"""The last minutes of every GPU."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app.web.recent import Recent
from tests.app.web.landing.world import gpu, program, take


def fed(seconds: int, rows=lambda second: {"u": gpu(power_watts=float(second))}) -> Recent:
    recent = Recent()
    for second in range(seconds):
        recent(take("gpu", float(second), rows(second)))
    return recent


def test_it_keeps_a_point_every_two_seconds_of_five_minutes():
    [course] = fed(1000).courses()

    assert len(course.times) == 151
    assert course.times[-1] - course.times[0] == 300
    np.testing.assert_array_equal(course.past["power_watts"], course.times)
    assert course.numbers["power_watts"] == 999.0


def test_a_gpu_that_was_not_listed_has_no_number_then():
    def rows(second: int) -> dict:
        both = {"v": gpu(power_watts=1.0), "u": gpu(power_watts=2.0)}
        return both if second < 10 else {"u": gpu(power_watts=2.0)}

    u, v = fed(20, rows).courses()

    assert (u.uuid, u.gone, v.uuid, v.gone) == ("u", False, "v", True)
    assert np.isfinite(u.past["power_watts"]).all()
    assert np.isnan(v.past["power_watts"]).sum() == 5


def test_a_gpu_that_is_gone_for_longer_is_forgotten():
    recent = fed(400, lambda second: {"u": gpu()} | ({"v": gpu()} if second == 0 else {}))

    assert [course.uuid for course in recent.courses()] == ["u"]


def test_a_recording_that_begins_anew_is_drawn_anew():
    recent = fed(100)
    recent(take("gpu", 5.0, {"u": gpu(power_watts=1.0)}))
    [course] = recent.courses()

    assert course.times.tolist() == [5.0]


def test_it_is_bounded_in_rows():
    recent = Recent()
    recent(take("gpu", 0.0, {f"u{i}": gpu() for i in range(1000)}))

    assert len(recent.courses()) == 128


def test_other_tables_have_their_latest_only():
    recent = Recent()
    for time in (0.0, 1.0):
        recent(take("gpu_process", time, {"p": program("x")}))
        recent(take("process", time, {}))

    assert recent.latest("gpu_process").time == 1.0
    assert recent.latest("process") is None
    assert recent.courses() == ()
