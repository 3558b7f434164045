"""What has to go first when there is little room."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Change, Evidence
from aisec_daemon.model.ocsf import Source, event
from aisec_daemon.sinks.targets.fitting import fit
from tests.journal.findings import change, finding

PROOF = Evidence(
    "gpu",
    1.0,
    ("a",),
    {"power_watts": (1.0,)},
    {"name": ("n" * 1000,)},
    tuple(map(float, range(100))),
    {"power_watts": (tuple(map(float, range(100))),)},
)
OPENED = change("opened", of=finding(reason="r" * 3000, labels={"pid": "7", "name": "x"}))
EVENT = event(Change(0.0, "opened", OPENED.finding, (PROOF,)), 1, Source("n", "1"))


def left_out(size: int) -> tuple[str | None, dict]:
    back = json.loads(fit(EVENT, size))
    return back["unmapped"].get("left_out"), back


def test_the_past_goes_first_then_the_rows_then_long_texts():
    whole = len(fit(EVENT, 1 << 20))

    assert left_out(whole)[0] is None
    first, back = left_out(whole - 1)
    assert first == "past"
    assert back["evidences"][1]["data"]["rows"][0]["name"] == "n" * 1000
    assert left_out(whole - 1500)[0] == "evidence"
    last, back = left_out(2500)
    assert last == "text"
    assert back["message"] == "r" * 200 + "…"
    assert back["evidences"][0]["process"]["pid"] == 7


@given(st.integers(0, 20_000))
def test_it_always_parses_and_leaves_the_event_as_it_was(size):
    before = json.dumps(EVENT)
    back = json.loads(fit(EVENT, size))

    assert back["class_uid"] == 2004
    assert json.dumps(EVENT) == before
