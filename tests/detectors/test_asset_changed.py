"""Assets of today against those that an operator approved."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app import catalogue
from aisec_daemon.detectors.asset_changed import AssetChanged
from aisec_daemon.model import Snapshot, State, View
from aisec_daemon.pipeline.pipeline import Pipeline

TABLES = catalogue.tables()
NONE = State((), np.empty((0, 0)))
BOB = {"identity": "i1", "script": "/home/bob/train.py", "user": "bob", "frameworks": "torch 2.4.1"}
OLLAMA = {"identity": "i2", "executable": "/usr/bin/ollama", "user": "ollama", "frameworks": ""}


def snapshot(time: float, **rows) -> Snapshot:
    """A row a keyword: its words."""
    found = {subject: ({}, words) for subject, words in rows.items()}
    return Snapshot.from_rows(TABLES["asset"], time, found)


def judge(now: Snapshot, approved: Snapshot) -> dict[str, tuple[float, str]]:
    _, verdict = AssetChanged()(NONE, View.of(now, now.time), View.of(approved, now.time))
    keys = verdict.keys
    return {
        subject: (float(verdict.score[row]), keys[row], verdict.reasons[row])
        for row, subject in enumerate(verdict.subjects)
    }


def test_what_is_as_it_was_approved_is_calm_whatever_its_process_is_called_now():
    assert judge(snapshot(9, b=BOB), snapshot(1, a=BOB)) == {"b": (0.0, "i1", "")}


def test_new_gone_and_changed_assets_are_told_in_words():
    now = snapshot(9, a=BOB | {"frameworks": "torch 2.5.0"}, c=OLLAMA | {"identity": "i3"})
    found = judge(now, snapshot(1, a=BOB, b=OLLAMA))

    assert found == {
        "a": (
            *(1.0, "i1"),
            "/home/bob/train.py of bob is not as it was approved: frameworks: torch 2.5.0",
        ),
        "c": (1.0, "i3", "/usr/bin/ollama of ollama runs here and was not approved"),
        "approved/i2": (1.0, "i2", "/usr/bin/ollama of ollama was approved and is no longer here"),
    }


def test_an_asset_of_which_nobody_can_say_what_it_is_is_not_judged():
    found = judge(snapshot(9, a={"user": "bob"}), snapshot(1, b=OLLAMA))

    assert list(found) == ["a"]
    assert np.isnan(found["a"][0])


def test_before_anything_is_approved_nothing_is_told_and_afterwards_a_minute_is_waited():
    pipeline = Pipeline(TABLES, [AssetChanged()], {"asset": 10.0})
    before = [pipeline.step(snapshot(at, a=BOB)).changes for at in range(0, 100, 10)]
    pipeline.approve({"asset": snapshot(0, b=OLLAMA)})
    told = {
        at: [(c.what, c.finding.key) for c in pipeline.step(snapshot(at, a=BOB)).changes]
        for at in range(100, 180, 10)
    }
    pipeline.approve({"asset": snapshot(0, a=BOB)})
    after = [
        (at, c.what, c.finding.key)
        for at in range(180, 260, 10)
        for c in pipeline.step(snapshot(at, a=BOB)).changes
    ]

    assert before == [()] * 10
    assert {at: what for at, what in told.items() if what} == {
        160: [("opened", "i1"), ("opened", "i2")]
    }
    assert after == [(240, "closed", "i1"), (240, "closed", "i2")]


def test_an_exception_names_the_user_of_an_asset_that_is_gone():
    _, verdict = AssetChanged()(NONE, View.of(snapshot(9), 9.0), View.of(snapshot(1, a=BOB), 9.0))

    assert verdict.words[0]["user"] == "bob"
