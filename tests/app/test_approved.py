"""Files of approved rows."""

from __future__ import annotations

import json
import os

import pytest

from aisec_daemon.app import approved
from aisec_daemon.app.approved import Approval, ApprovalError, Watch
from tests.model.test_baseline import TABLE, rows

HEAD = {"aisec_approved": 1, "table": "thing", "time": 1, "who": "", "reason": ""}
NAME = 'evil"\n\x1b[2J'


@pytest.fixture
def watch(tmp_path, monkeypatch):
    monkeypatch.setattr("aisec_daemon.app.catalogue.tables", lambda: {"thing": TABLE})
    return Watch(tmp_path)


def approve(folder, *pairs):
    return approved.write(folder, Approval(rows(*pairs), 5.0, NAME, "as planned"))


def test_words_come_back_as_they_were(tmp_path):
    file = approve(tmp_path, ("a", None), (NAME, ""))
    found = approved.read(file, TABLE)

    assert (found.who, found.reason, found.time) == (NAME, "as planned", 5.0)
    assert found.rows.labels == {"what": ("a", NAME), "parts": (None, "")}
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().isascii()


def test_what_is_approved_later_is_noticed_and_so_is_its_end(watch, tmp_path):
    watch.look()
    assert watch.latest == {}

    file = approve(tmp_path, ("a", "x"))
    watch.look()
    first = watch.latest
    watch.look()
    assert watch.latest is first
    assert first["thing"].labels["what"] == ("a",)

    approve(tmp_path, ("b", "x"))
    watch.look()
    assert watch.latest["thing"].labels["what"] == ("b",)

    file.unlink()
    watch.look()
    assert watch.latest == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"aisec_approved": 2}',
        json.dumps({**HEAD, "table": "other", "rows": {}}),
        json.dumps({**HEAD, "time": "x", "rows": {}}),
        json.dumps({**HEAD, "rows": {"a": 7}}),
        json.dumps({**HEAD, "rows": {"a": {"what": 7}}}),
        json.dumps({**HEAD, "rows": [1]}),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(watch, tmp_path, text):
    file = approve(tmp_path, ("a", "x"))
    watch.look()
    before = watch.latest
    file.write_text(text)
    watch.look()

    assert watch.latest is before
    assert len(watch.wrong) == 1
    assert str(file) in watch.wrong[0]
    with pytest.raises(ApprovalError):
        approved.read(file, TABLE)

    approve(tmp_path, ("b", "x"))
    watch.look()
    assert watch.wrong == ()


def test_a_file_too_large_is_not_read(watch, tmp_path):
    file = approve(tmp_path, ("a", "x"))
    os.truncate(file, 65 << 20)

    with pytest.raises(ApprovalError, match="larger"):
        approved.read(file, TABLE)


def test_rows_of_an_older_version_lack_what_it_did_not_know(tmp_path):
    file = approve(tmp_path, ("a", "x"))
    content = json.loads(file.read_text())
    content["rows"]["s0"] = {"what": "a", "colour": "red"}
    file.write_text(json.dumps(content))

    assert approved.read(file, TABLE).rows.labels == {"what": ("a",), "parts": (None,)}
