"""What the daemon saw is approved by a person, with a reason."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from aisec_daemon.app import catalogue
from aisec_daemon.app.approved import place, read
from aisec_daemon.app.inventory.kept import Keeper
from aisec_daemon.cli import app
from aisec_daemon.journal.journal import Journal
from aisec_daemon.model import Snapshot
from aisec_daemon.pipeline.pipeline import Pipeline

TABLES = catalogue.tables()
EVIL = "\x1b[2J\nforged"
BOB = {"identity": "i1", "script": "train.py", "user": "bob", "frameworks": "torch 2.4.1"}


@pytest.fixture
def see(tmp_path):
    """Let a daemon see these assets, {subject: words}, and end."""

    def see(time: float = 1.8e9, **rows) -> None:
        pipeline = Pipeline(TABLES, [], {})
        found = {subject: ({}, words) for subject, words in rows.items()}
        pipeline.step(Snapshot.from_rows(TABLES["asset"], time, found))
        journal = Journal(tmp_path, time)
        Keeper().keep(pipeline, journal)
        journal.close()

    return see


@pytest.fixture
def ask(tmp_path):
    def ask(*arguments: str):
        return CliRunner().invoke(app, ["approve", *arguments, "--state", str(tmp_path)])

    return ask


def test_what_is_there_is_shown_and_approved(ask, see, tmp_path):
    see(a=BOB, b={"identity": "i2", "executable": EVIL, "user": "eve"})
    dry = ask("asset", "--dry-run")
    nothing = place(tmp_path, "asset").exists()
    done = ask("asset", "--reason", "release 7")
    approval = read(place(tmp_path, "asset"), TABLES["asset"])

    assert (dry.exit_code, nothing) == (0, False)
    assert "+ train.py bob" in dry.stdout
    assert "\x1b" not in dry.stdout
    assert done.exit_code == 0, done.output
    assert approval.reason == "release 7"
    assert approval.rows.labels["identity"] == ("i1", "i2")


def test_the_second_time_only_what_differs_is_shown(ask, see):
    see(a=BOB, b={"identity": "i2", "script": "serve.py", "user": "eve"})
    ask("asset", "--reason", "first")
    see(time=1.9e9, a=BOB | {"frameworks": "torch 2.5.0"}, c={"identity": "i3", "user": "mallory"})
    shown = ask("--dry-run").stdout.splitlines()

    assert shown == ["+ mallory", "~ train.py bob: frameworks: torch 2.5.0", "- serve.py eve"]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["asset"], 2, "--reason is missing"),
        (["gpu", "--reason", "x"], 2, "no table that is compared"),
        (["asset", "--reason", "x"], 1, "there is no journal"),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(ask, arguments, code, why):
    result = ask(*arguments)

    assert result.exit_code == code
    assert why in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_table_that_was_never_read_is_not_approved_as_empty(ask, tmp_path):
    Journal(tmp_path, 1.8e9).close()
    result = ask("asset", "--reason", "x")

    assert result.exit_code == 1
    assert "has not read table asset yet" in result.stderr
    assert not place(tmp_path, "asset").exists()


def test_a_damaged_file_of_approved_rows_is_not_overwritten_unseen(ask, see, tmp_path):
    see(a=BOB)
    ask("asset", "--reason", "first")
    place(tmp_path, "asset").write_text(json.dumps({"aisec_approved": 9}))
    result = ask("asset", "--reason", "second")

    assert result.exit_code == 1
    assert "not of table asset" in result.stderr
