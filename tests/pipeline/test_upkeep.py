"""The monitor's own parts: late, failing, missing their turns."""

from __future__ import annotations

import math

from aisec_daemon.pipeline.upkeep import Upkeep


def row(upkeep: Upkeep, time: float, part: str = "sampler/gpu") -> dict[str, float]:
    snapshot = upkeep.snapshot(time)
    at = snapshot.subjects.index(part)
    numbers = dict(zip(snapshot.table.column_names, snapshot.values[at], strict=True))
    return {**numbers, "error": snapshot.labels["error"][at]}


def test_a_part_that_never_worked_ages_from_its_beginning():
    upkeep = Upkeep()
    upkeep.expect("sampler/gpu", 1.0, time=100)
    upkeep.ran("sampler/gpu", 105, 0.1, "no driver")

    told = row(upkeep, 110)
    assert told["age_seconds"] == 10
    assert math.isnan(told["last_success_timestamp_seconds"])
    assert (told["runs"], told["failed_runs"], told["error"]) == (1, 1, "no driver")


def test_success_makes_it_young_and_clears_the_error():
    upkeep = Upkeep()
    upkeep.expect("sampler/gpu", 1.0, time=100)
    assert upkeep.ran("sampler/gpu", 105, 0.1, "no driver")
    assert upkeep.ran("sampler/gpu", 106, 0.2)
    assert not upkeep.ran("sampler/gpu", 107, 0.3)  # no news

    told = row(upkeep, 108)
    assert (told["age_seconds"], told["error"]) == (1, "")
    assert math.isclose(told["busy_seconds"], 0.6)
    assert told["duration_seconds"] == 0.3


def test_a_part_that_is_called_by_events_is_not_late_but_can_fail():
    upkeep = Upkeep()
    upkeep.expect("detector/blind", math.nan, time=100)
    assert row(upkeep, 500, "detector/blind")["age_seconds"] == 0

    upkeep.ran("detector/blind", 500, 0.1, "fault")
    assert row(upkeep, 600, "detector/blind")["age_seconds"] == 500


def test_missed_turns_are_counted_and_dismissed_parts_are_gone():
    upkeep = Upkeep()
    upkeep.expect("sampler/gpu", 1.0, time=0)
    upkeep.missed("sampler/gpu")
    assert row(upkeep, 1)["missed_runs"] == 1

    upkeep.dismiss("sampler/gpu")
    upkeep.missed("sampler/gpu")
    upkeep.ran("sampler/gpu", 2, 0.1)
    assert upkeep.snapshot(2).subjects == ()
