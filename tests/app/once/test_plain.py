"""A look as JSON: every row, null for what was not read."""

from __future__ import annotations

import json

import numpy as np

from aisec_daemon.app.once.look import Look
from aisec_daemon.app.once.plain import as_plain
from aisec_daemon.model import Column, Finding, Kind, Label, Rule, Severity, Snapshot, Status, Table

NAN = float("nan")
TABLE = Table(
    "t",
    "help",
    columns=(Column("memory_bytes", "h"), Column("cpu_seconds", "h", Kind.COUNTER)),
    labels=(Label("name", "h"),),
    series=(),
)
RULE = Rule("rule", "title", Severity.HIGH, "benign", technique="T1496", hold=60.0)


def test_rows_have_subject_numbers_rates_and_words():
    snapshot = Snapshot(
        TABLE, 5.0, ("a", "b"), np.array([[1.0, 2.0], [NAN, 3.0]]), {"name": ("\x1b[", None)}
    )
    rates = np.array([[NAN, 0.5], [NAN, NAN]])
    plain = as_plain(Look(5.0, {"t": snapshot}, {"t": rates}, {"u": "why"}))
    first, second = json.loads(json.dumps(plain, allow_nan=False))["tables"]["t"]

    assert first == {
        "subject": "a",
        "memory_bytes": 1.0,
        "cpu_seconds": 2.0,
        "cpu_seconds_per_second": 0.5,
        "name": "\x1b[",
    }
    assert (second["memory_bytes"], second["cpu_seconds_per_second"], second["name"]) == (None,) * 3


def test_a_finding_says_when_it_is_told_and_infinity_is_null():
    finding = Finding(
        "id", RULE, "key", Status.PENDING, Severity.HIGH, ("s",), float("inf"), 2.0, 4.0,
        NAN, NAN, "reason", {"watts": np.float32(2.5), "odd": NAN, "word": "x"}, {"user": "u"},
    )  # fmt: skip
    plain = as_plain(Look(5.0, findings=(finding,)))
    (told,) = json.loads(json.dumps(plain, allow_nan=False))["findings"]

    assert told["score"] is None
    assert told["facts"] == {"watts": 2.5, "odd": None, "word": "x"}
    assert told["seconds_until_told"] == 59.0
    assert (told["severity"], told["technique"]) == ("high", "T1496")
