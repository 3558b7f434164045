"""The inventory for scripts and spreadsheets, whatever text is in it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.app import catalogue
from aisec_daemon.app.inventory.plain import objects, write_csv
from aisec_daemon.model import Snapshot

ASSET = catalogue.tables()["asset"]


def snapshot(**words) -> Snapshot:
    numbers = {"used_gpus": 2.0, "started_timestamp_seconds": 1.8e9}
    return Snapshot.from_rows(ASSET, 1.8e9, {"a1": (numbers, words)})


def table(rows: Snapshot) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    write_csv(rows, file)
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_an_object_has_every_word_and_number_and_null_for_what_was_not_read():
    (found,) = objects(snapshot(user="bob", container=""))

    assert (found["table"], found["subject"], found["user"]) == ("asset", "a1", "bob")
    assert (found["container"], found["pod"]) == ("", None)
    assert (found["used_gpus"], found["memory_resident_bytes"]) == (2.0, None)


def test_a_cell_is_a_word_a_number_or_a_time_and_empty_if_unread():
    (found,) = table(snapshot(user="bob"))

    assert found["time"] == "2027-01-15T08:00:00+00:00"
    assert found["started_timestamp_seconds"] == "2027-01-15T08:00:00+00:00"
    assert (found["user"], found["used_gpus"]) == ("bob", "2")
    assert found["memory_resident_bytes"] == ""


@pytest.mark.parametrize("word", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_word_is_computed_by_a_spreadsheet(word):
    (found,) = table(snapshot(script=word))

    assert found["script"][0] in "'\\"


@given(st.dictionaries(st.sampled_from(ASSET.label_names), st.text() | st.none()))
def test_any_words_stay_in_their_cells(words):
    (found,) = table(snapshot(**words))

    assert len(found) == 2 + len(ASSET.label_names) + len(ASSET.columns)
    assert all(cell.isprintable() for cell in found.values())
