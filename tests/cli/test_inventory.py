"""The inventory as people and scripts get it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from aisec_daemon.app import catalogue
from aisec_daemon.app.inventory.kept import Keeper
from aisec_daemon.cli import app
from aisec_daemon.journal.journal import Journal
from aisec_daemon.model import Snapshot
from aisec_daemon.pipeline.pipeline import Pipeline

TABLES = catalogue.tables()
EVIL = "\x1b[2J\x1b]0;pwned\x07\nforged line\r\u202e\ud800"


def test_a_node_is_shown_as_tables_no_wider_than_the_terminal(run):
    result = run("training", "inventory")

    assert result.exit_code == 0, result.output
    assert "AI workloads" in result.stdout
    assert "How they are locked up" in result.stdout
    assert "as it is now" in result.stdout
    assert "trainer:1.2" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_of_a_node_without_ai_it_says_so(run):
    assert "No AI workload was found." in run("idle", "inventory").stdout


def test_scripts_get_an_object_a_row_and_the_very_table_as_csv(run):
    lines = run("training", "inventory", "--json").stdout.splitlines()
    assets = [row for row in map(json.loads, lines) if row["table"] == "asset"]
    table = run("training", "inventory", "--csv", "asset").stdout
    cells = list(csv.DictReader(io.StringIO(table, newline="")))

    assert assets
    assert [row["subject"] for row in cells] == [row["subject"] for row in assets]
    assert {row["user"] for row in assets} == {"alice"}
    assert {row["table"] for row in map(json.loads, lines)} >= {"asset", "posture"}


def test_a_bill_of_materials_names_the_node(run):
    result = run("training", "inventory", "--ml-bom")

    assert json.loads(result.stdout)["metadata"]["component"]["type"] == "device"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--json", "--ml-bom"), "exclude each other"),
        (("--csv", "gpu"), "none of the tables that were read"),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(run, arguments, why):
    result = run("training", "inventory", *arguments)

    assert result.exit_code == 2
    assert why in result.stderr


@pytest.fixture
def ask(tmp_path):
    """Ask a journal whose daemon saw a hostile and an honest asset."""
    pipeline = Pipeline(TABLES, [], {})
    rows = {
        "a1": ({}, {"identity": "i1", "script": "train.py", "user": "bob", "frameworks": "torch"}),
        EVIL: ({}, dict.fromkeys(TABLES["asset"].label_names, EVIL)),
    }
    pipeline.step(Snapshot.from_rows(TABLES["asset"], 1.8e9, rows))
    journal = Journal(tmp_path, 1.8e9)
    Keeper().keep(pipeline, journal)
    journal.close()

    def ask(command: str, *arguments: str):
        words = [command, *arguments, "--state", str(tmp_path)]
        return CliRunner().invoke(app, words, env={"COLUMNS": "110"})

    return ask


def test_the_daemons_rows_are_shown_with_their_time_and_no_word_moves_the_cursor(ask):
    result = ask("inventory")

    assert result.exit_code == 0, result.output
    assert "as the daemon saw it at 2027-01-15 08:00:00 UTC" in result.stdout
    assert "train.py" in result.stdout
    assert "APPROVED" not in result.stdout
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(result.stdout)


def test_what_is_not_as_it_was_approved_is_marked(ask):
    ask("approve", "asset", "--reason", "release 7")
    lines = ask("inventory").stdout.splitlines()

    assert next(line for line in lines if "train.py" in line).rstrip().endswith("yes")
