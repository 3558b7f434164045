"""A finding as labels and annotations, whatever it holds."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.model import Rule, Severity
from aisec_daemon.model.jsontext import dumps
from aisec_daemon.sinks.alerting.wording import WORDS, Wording, timestamp
from tests.journal.findings import finding

WORDING = Wording(
    "node7", {"cluster": "a"}, "https://wiki.example.org/{rule}", "http://node7:9837/"
)
GPU = "GPU-0a1b2c3d-1111-2222-3333-444444444444"
MINER = finding(
    "0123456789ab",
    key="/tmp/x|alice|c1",
    subjects=(GPU, "MIG-1"),
    labels={
        "user": "alice",
        "container": "c1",
        "image": "r/x:1",
        "command": "x --pass hunter2",
        "unit": "",
    },
)


def test_labels_say_which_case_it_is_and_whom_to_tell():
    labels = WORDING.base_labels(MINER)

    assert re.fullmatch("[0-9a-f]{12}", labels.pop("case"))
    assert labels == {
        "cluster": "a",
        "alertname": "AisecFinding",
        "rule": "hot",
        "node": "node7",
        "finding": "0123456789ab",
        "technique": "T1496",
        "user": "alice",
        "container": "c1",
        "image": "r/x:1",
    }


def test_labels_come_from_what_stays_the_same_while_it_is_open():
    later = replace(
        MINER,
        subjects=("z",),
        score=9.0,
        peak=9.0,
        reason="worse",
        facts={},
        severity=Severity.INFO,
    )

    assert WORDING.base_labels(later) == WORDING.base_labels(MINER)


def test_one_case_has_one_label_on_all_nodes_and_whenever_it_opens():
    again = Wording("node8").base_labels(replace(MINER, id="other", since=99.0))
    other = WORDING.base_labels(replace(MINER, key="/tmp/y|alice|c1"))

    assert again["case"] == WORDING.base_labels(MINER)["case"] != other["case"]


def test_the_gpu_is_a_label_where_there_is_just_one():
    """So an inhibition can say: of that GPU, but not of others."""

    def gpu(key: str) -> str | None:
        return WORDING.base_labels(replace(MINER, key=key)).get("gpu")

    assert gpu(GPU) == gpu(f"gpu/{GPU}") == gpu(f"{GPU}|power|{GPU}") == GPU
    assert gpu("sensor/nvml") is gpu(f"{GPU} {GPU[:-1]}5") is None


def test_annotations_are_what_a_person_reads():
    notes = WORDING.annotations(
        replace(MINER, facts={"power_watts": 412.25, "none": "", "x": math.nan})
    )

    assert notes == {
        "summary": "Too hot on node7",
        "description": "0123456789ab is hot",
        "facts": "power_watts: 412.25\nx: not read",
        "subjects": f"{GPU}\nMIG-1",
        "score": "1.5, at most 2; 1 is the line",
        "look_alikes": "Summer.",
        "opened": "1970-01-01T00:00:02.000Z",
        "runbook_url": "https://wiki.example.org/hot",
    }


def test_many_subjects_are_counted():
    notes = WORDING.annotations(replace(MINER, subjects=tuple(f"s{i:02}" for i in range(40))))

    assert notes["subjects"].split("\n")[-2:] == ["s15", "and 24 more"]


def test_an_alert_has_times_and_the_address_of_the_page():
    content = WORDING.content(MINER, {"rule": "hot"}, 3600.0, Severity.HIGH, 10.0)

    assert content["startsAt"] == "1970-01-01T00:00:12.000Z"
    assert content["endsAt"] == "1970-01-01T01:00:10.000Z"
    assert content["generatorURL"] == "http://node7:9837/"
    assert content["annotations"]["goes_on_as"] == "high"
    assert "generatorURL" not in Wording("n").content(MINER, {}, 3600.0, None, 0.0)


def test_it_never_ends_before_it_starts():
    content = WORDING.content(replace(MINER, opened=50.0), {}, 49.9, None, 0.0)

    assert content["startsAt"] == content["endsAt"] == timestamp(50.0)


hostile = st.text(st.characters(), max_size=50) | st.sampled_from(
    [
        "x" * 65536,
        "\n" * 65536,
        "\ud800" * 65536,
        "\U0001f480" * 65536,
        "\0",
        "{{ .Labels }}",
        '"\\',
    ]
)
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@given(
    text=hostile,
    facts=st.dictionaries(hostile, hostile | st.floats(), max_size=40),
    words=st.dictionaries(st.sampled_from([*WORDS, "command", "name"]), hostile),
    subjects=st.lists(hostile, max_size=40),
)
def test_whatever_a_finding_says_its_alert_is_valid_and_bounded(text, facts, words, subjects):
    rule = Rule("hot", text, Severity.HIGH, text, technique=text)
    hostile_finding = finding(
        text, rule=rule, key=text, reason=text, facts=facts, labels=words, subjects=tuple(subjects)
    )
    wording = Wording(text or "n", {"cluster": text})
    labels = {**wording.base_labels(hostile_finding), "severity": "high"}
    body = dumps([wording.content(hostile_finding, labels, 100.0, None, 0.0)])
    (content,) = json.loads(body)

    assert body.decode()
    assert len(body) < 80_000
    assert set(content["labels"]) <= {
        "alertname",
        "rule",
        "node",
        "finding",
        "case",
        "gpu",
        "technique",
        "severity",
        "cluster",
        *WORDS,
    }
    for words_told in (content["labels"], content["annotations"]):
        assert all(NAME.fullmatch(name) and word for name, word in words_told.items())
    assert all(word.isprintable() for word in content["labels"].values())
    assert all(
        line.isprintable() for note in content["annotations"].values() for line in note.split("\n")
    )
