"""One line a change, safe to read in a terminal."""

from __future__ import annotations

import logging
from contextlib import redirect_stderr
from dataclasses import replace
from io import StringIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app import logs
from aisec_daemon.model import Change, Finding, Rule, Severity, Status, Tick
from aisec_daemon.sinks.log import Log
from tests.pipeline.tables import snapshot

RULE = Rule("hot", "Too hot", Severity.HIGH, "Summer.")
FINDING = Finding(
    "0123456789ab", RULE, "k", Status.OPEN, Severity.HIGH, ("a",), 1.0, 1.0, 0.0, 0.0, np.nan, "why"
)


def tick(what: str, finding: Finding) -> Tick:
    now = snapshot(0.0, {"a": (1.0, 1.0)})
    changes = (Change(0.0, what, finding),)
    return Tick(0.0, now, lambda: np.full((1, 3), np.nan), changes, (finding,))


def test_a_finding_that_opens_is_an_error_and_one_that_closes_is_not(caplog):
    with caplog.at_level(logging.INFO, "aisec_daemon"):
        Log()(tick("opened", FINDING))
        Log()(tick("closed", replace(FINDING, status=Status.CLOSED)))

    assert [r.levelno for r in caplog.records] == [logging.ERROR, logging.INFO]
    assert caplog.messages[0] == "finding 0123456789ab opened high hot: why"


def test_a_permitted_finding_is_only_noted(caplog):
    with caplog.at_level(logging.INFO, "aisec_daemon"):
        Log()(tick("opened", replace(FINDING, allowed="burn-in")))

    assert caplog.records[0].levelno == logging.INFO
    assert "allowed: burn-in" in caplog.messages[0]


def test_a_replayed_finding_is_marked(caplog):
    with caplog.at_level(logging.INFO, "aisec_daemon"):
        Log("replayed: demo")(tick("opened", FINDING))

    assert caplog.messages[0].startswith("[replayed: demo] ")


def written(finding: Finding) -> str:
    """Return what a finding's opening puts on standard error."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with redirect_stderr(StringIO()) as stream:
        logs.begin("info")
        Log()(tick("opened", finding))
    root.handlers[:] = handlers
    root.setLevel(level)
    return stream.getvalue()


@given(st.text(max_size=80))
def test_hostile_text_stays_on_one_printable_line(text):
    line = written(replace(FINDING, reason=text))

    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_under_systemd_every_line_has_its_priority(monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")

    assert written(FINDING).startswith("<3>finding")
