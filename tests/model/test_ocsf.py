"""Events as the schema wants them, whatever the text in them."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Evidence, Severity
from aisec_daemon.model.ocsf import Source, event, line
from tests.journal.findings import RULE, change, finding

SOURCE = Source("node-1", "1.2")
WORDS = st.text(max_size=30) | st.sampled_from(
    ["\x1b[2J\x07", "a\nb\rc", "'\"\\", "\ud800", "x" * 65536, "\x7f\x9b", "\u202e\u2028"]
)


def made(what: str = "opened", **more) -> dict:
    return event(change(what, time=5.0, of=finding(**more)), 7, SOURCE)


@pytest.mark.parametrize(
    ("what", "activity", "status", "alert"),
    [("opened", 1, 1, True), ("changed", 2, 1, True), ("closed", 3, 4, False)],
)
def test_what_the_class_requires_is_there_and_fits(what, activity, status, alert):
    made_one = made(what)

    assert (made_one["category_uid"], made_one["class_uid"]) == (2, 2004)
    assert made_one["activity_id"] == activity
    assert made_one["type_uid"] == 200400 + activity
    assert made_one["status_id"] == status
    assert made_one["is_alert"] is alert
    assert made_one["time"] == 5000
    assert made_one["finding_info"]["uid"] == "a"
    assert made_one["metadata"]["version"] == "1.5.0"
    assert made_one["metadata"]["uid"] == "node-1/7"
    assert made_one["metadata"]["product"]["name"] == "aisec-daemon"
    assert made_one["resources"] == [{"uid": "a", "name": "a", "type": "subject"}]


def test_severities_rise_as_ours_do():
    ids = [made(severity=severity)["severity_id"] for severity in Severity]

    assert ids == [1, 3, 4, 5]


def test_an_allowed_finding_is_suppressed_and_no_alert():
    made_one = made(allowed="burn-in")

    assert (made_one["status"], made_one["is_alert"]) == ("Suppressed", False)


@pytest.mark.parametrize(
    ("technique", "uids"),
    [
        ("T1496", [("T1496", None)]),
        ("T1562.001", [("T1562", "T1562.001")]),
        ("AML.T0029", [("AML.T0029", None)]),
        ("T1496, AML.T0034", [("T1496", None), ("AML.T0034", None)]),
        ("", []),
    ],
)
def test_techniques_of_both_catalogues_are_named(technique, uids):
    rule = type(RULE)(RULE.name, RULE.title, RULE.severity, RULE.benign, technique)
    attacks = made(rule=rule)["finding_info"]["attacks"]

    assert [(a["technique"]["uid"], a.get("sub_technique", {}).get("uid")) for a in attacks] == uids


def test_a_process_behind_it_is_named_as_a_process():
    labels = {"pid": "12", "name": "xm", "user": "eve", "executable": "/tmp/xm", "container": "c1"}
    (proof,) = made(labels=labels)["evidences"]

    assert proof["process"]["pid"] == 12
    assert proof["process"]["user"] == {"name": "eve"}
    assert proof["process"]["file"]["name"] == "xm"
    assert proof["container"] == {"uid": "c1"}


def test_a_container_is_named_with_its_image():
    (proof,) = made(labels={"pid": "12", "container": "c1", "image": "r/x:1"})["evidences"]

    assert proof["container"] == {"uid": "c1", "image": {"name": "r/x:1", "uid": "r/x:1"}}


@given(WORDS, st.floats())
def test_any_text_makes_one_printable_line_that_parses_back(text, score):
    proof = Evidence(
        "gpu", 1.0, (text,), {"power_watts": (score,)}, {"name": (text,), "unit": (None,)}
    )
    found = change(
        "opened", of=finding(text, reason=text, facts={text: text, "n": score}, score=score)
    )
    written = line(
        event(type(found)(found.time, found.what, found.finding, (proof,)), 1, Source(text, "1"))
    )
    back = json.loads(written)

    assert written.isascii()
    assert written.isprintable()
    assert back["finding_info"]["uid"] == text
    assert back["unmapped"]["facts"][text] in (text, None if not math.isfinite(score) else score)
    assert back["evidences"][0]["data"]["rows"][0]["subject"] == text
    assert back["evidences"][0]["data"]["rows"][0]["unit"] is None
