"""The journal asked from the command line, the daemon running or not, whatever text is in it."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from aisec_daemon.cli import app
from aisec_daemon.journal.journal import Journal
from aisec_daemon.model import Change, Evidence, Severity
from tests.journal.findings import RULE, change, finding, tick

NOW = 1.8e9
HOSTILE = "\x1b[2J\x1b]0;pwned\x07\nforged line\r\u202e\ud800\x9b31m"
PROOF = Evidence(
    "gpu",
    NOW,
    ("GPU-1",),
    {"power_watts": (300.0,), "energy_joules": (math.nan,)},
    {"name": ("H200",), "unit": (None,)},
    tuple(NOW - 120 + at for at in range(120)),
    {"power_watts": (tuple(200 + 100 * math.sin(at / 9) for at in range(120)),)},
)
HOT = finding("a1hot", opened=NOW, since=NOW - 60)
COLD = finding(
    "b2cold",
    rule=replace(RULE, name="cold"),
    severity=Severity.WARNING,
    opened=NOW - 9000,
    labels={"user": "bob"},
)
EVIL = finding(
    f"c3{HOSTILE}",
    reason=HOSTILE,
    subjects=(HOSTILE,),
    opened=NOW,
    facts={HOSTILE: HOSTILE},
    labels={"user": HOSTILE, "name": HOSTILE},
)


@pytest.fixture
def state(tmp_path) -> Path:
    """Return a state folder: two open findings, a closed and a hostile one."""
    journal = Journal(tmp_path, NOW)
    opening = change("opened", time=NOW, of=HOT)
    journal(tick(Change(NOW, "opened", HOT, (PROOF,)), time=opening.time))
    journal(tick(change("opened", time=NOW - 9000, of=COLD)))
    journal(tick(change("closed", time=NOW - 8000, of=COLD)))
    evil = replace(PROOF, subjects=(HOSTILE,), words={"name": (HOSTILE,)})
    journal(tick(Change(NOW, "opened", EVIL, (evil,)), time=NOW))
    journal.close()
    return tmp_path


@pytest.fixture
def ask(state):
    def run(*arguments: str, **env: str):
        words = [*arguments, "--state", str(state)]
        return CliRunner().invoke(app, words, env={"COLUMNS": "110", **env})

    return run


def ids(result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def test_open_findings_are_listed_in_a_line_each(ask):
    result = ask("findings")

    assert result.exit_code == 0
    assert "a1hot" in result.stdout
    assert "a1hot is hot" in result.stdout
    assert "b2cold" not in result.stdout
    assert "\x1b" not in result.stdout  # piped: no colours


def test_in_a_narrow_terminal_a_reason_has_the_whole_width_below_its_line(ask, state):
    journal = Journal(state, NOW + 9)
    words = " ".join(["a GPU works for nobody"] * 9)
    journal(tick(change("opened", of=finding("long", reason=words, opened=NOW))))
    journal.close()
    lines = ask("findings", "--user", "alice", COLUMNS="80").stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("long"))

    assert lines[0].split() == ["ID", "SEVERITY", "RULE", "STATUS", "OPENED", "(UTC)"]
    assert lines[0].index("RULE") == lines[at].index(" hot ") + 1
    assert lines[at].endswith("open    2027-01-15 08:00:00")
    below = [line for line in lines[at + 1 :] if line.startswith("    ")]
    assert " ".join(below).split() == words.split()
    assert len(below) == 3
    assert [line for line in lines if line != line.rstrip()] == []
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["--status", "all", "--rule", "hot"], {"a1hot", EVIL.id}),
        (["--status", "closed"], {"b2cold"}),
        (["--status", "all", "--severity", "high"], {"a1hot", EVIL.id}),
        (["--status", "all", "--user", "bob"], {"b2cold"}),
        (["--status", "all", "--since", "2027-01-15T08:00:00Z"], {"a1hot", EVIL.id}),
        (["--status", "all", "--rule", "x"], set()),
    ],
)
def test_filters_narrow_the_list(ask, filters, found):
    assert set(ids(ask("findings", "--json", *filters))) == found


def test_a_finding_is_shown_whole_with_a_picture_of_its_past(ask):
    shown = ask("findings", "show", "a1").stdout

    for words in ("a1hot is hot", "degrees", "90", "alice", "GPU-1", "T1496", "Summer.", "H200"):
        assert words in shown
    assert "power_watts" in shown
    assert "100 … 300" in shown
    assert "█" in shown
    assert "energy_joules" not in shown  # not read


def test_an_id_alone_shows_that_finding(ask):
    """A notification brings an id; what one types at night should do."""
    assert ask("findings", "a1").stdout == ask("findings", "show", "a1").stdout
    assert json.loads(ask("findings", "a1", "--json").stdout)["id"] == "a1hot"


def test_what_to_do_about_it_is_named_and_nothing_empty_is_shown(ask, state):
    blind = finding("blind1", rule=replace(RULE, name="blind"), opened=NOW, facts={"algorithm": ""})
    journal = Journal(state, NOW + 9)
    journal(tick(change("opened", of=blind)))
    journal.close()
    shown = ask("findings", "show", "blind1", COLUMNS="200").stdout
    (runbook,) = [line.split()[-1] for line in shown.splitlines() if "what to do" in line]

    assert Path(runbook).read_text("utf-8").startswith("# blind\n")
    assert "what to do" not in ask("findings", "show", "a1").stdout  # a rule without a runbook
    assert "2027-01-15 08:00:00 UTC" in shown
    assert not {"closed", "allowed", "algorithm", "Facts"} & {
        line.split()[0] for line in shown.split("\n") if line.strip()
    }


def test_json_of_one_has_what_happened_and_the_rows(ask):
    shown = json.loads(ask("findings", "show", "a1hot", "--json").stdout)

    assert [c["what"] for c in shown["changes"]] == ["opened"]
    (proof,) = shown["changes"][0]["evidence"]
    assert proof["numbers"]["energy_joules"] == [None]
    assert len(proof["past"]["power_watts"][0]) == 120
    assert shown["closed"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["findings"],
        ["findings", "show", "c3"],
        ["findings", "--json"],
        ["findings", "show", "c3", "--json"],
        ["export"],
        ["ack", "c3", "--reason", HOSTILE],
    ],
)
def test_hostile_text_never_reaches_the_terminal_raw(ask, words):
    result = ask(*words)

    assert result.exit_code == 0, result.output
    for line in result.output.split("\n"):
        assert line.isprintable(), line
    assert "\nforged line" not in result.output


def test_who_saw_it_and_until_when_is_recorded_and_shown(ask, state):
    noted = ask("ack", "a1hot", "--reason", "asked alice", "--expires", "7d", SUDO_USER="olga")
    again = ask("findings", "show", "a1hot").stdout
    (line,) = [each for each in ask("findings").stdout.splitlines() if "a1hot" in each]

    assert noted.exit_code == 0
    assert "Alertmanager" in noted.stdout
    assert "asked alice" in again
    assert "until" in again
    if os.geteuid() == 0:
        assert "olga" in again
    assert "open, seen" in line


def test_an_acknowledgement_is_taken_while_the_daemon_writes(ask, state):
    journal = Journal(state, NOW + 9)
    journal(tick(change("opened", of=finding("d4"))))
    assert ask("ack", "d4", "--reason", "seen").exit_code == 0
    journal(tick(change("closed", of=finding("d4"))))

    assert "d4" in ids(ask("findings", "--json", "--status", "closed"))
    journal.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["findings", "show", "zz"], "no finding zz"),
        (["findings", "--severity", "bad"], "--severity is one of"),
        (["findings", "--status", "bad"], "--status is one of"),
        (["findings", "--since", "soon"], "'soon' is no time"),
        (["ack", "a1hot", "--reason", "x", "--expires", "2020-01-01"], "past"),
        (["ack", "a1hot", "--reason", " "], "empty"),
        (["ack", "a1hot", "--reason", "x", "--expires", "soon"], "'soon' is no time"),
        (["export", "--since", "soon"], "'soon' is no time"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(ask, words, told):
    result = ask(*words)

    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_id_that_fits_several_names_them(ask, state):
    journal = Journal(state, NOW)
    journal(tick(change("opened", of=finding("a1other"))))
    journal.close()

    assert "a1hot, a1other" in ask("findings", "show", "a1").stderr


@pytest.mark.parametrize("words", [["findings"], ["export"], ["findings", "show", "a"]])
def test_without_a_journal_it_says_so_and_makes_none(tmp_path, words):
    result = CliRunner().invoke(app, [*words, "--state", str(tmp_path / "none")])

    assert result.exit_code == 1
    assert "there is no journal" in result.stderr
    assert not (tmp_path / "none").exists()


def test_export_is_a_line_for_every_change_in_order(ask):
    lines = [json.loads(line) for line in ask("export").stdout.splitlines()]

    assert [(x["activity_id"], x["finding_info"]["uid"]) for x in lines] == [
        (1, "a1hot"),
        (1, "b2cold"),
        (3, "b2cold"),
        (1, EVIL.id),
    ]
    assert len({x["metadata"]["uid"] for x in lines}) == 4
    assert lines[0]["evidences"][0]["data"]["rows"][0]["past"]["power_watts"]
    assert lines[3]["message"] == HOSTILE
    assert len(ask("export", "--since", "2027-01-15T08:00:00Z").stdout.splitlines()) == 2
    assert len(ask("export", "--finding", "b2cold").stdout.splitlines()) == 2


def test_where_no_rows_were_kept_that_is_said(ask):
    assert "No rows were kept" in ask("findings", "show", "b2").stdout
    assert "No rows were kept" not in ask("findings", "show", "a1").stdout


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(text=st.text(max_size=80) | st.sampled_from([HOSTILE, "x" * 65536, "'\"\\", "\0"]))
def test_any_text_goes_through_journal_and_export_and_parses_back(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("journal")
    proof = replace(PROOF, subjects=(text,), words={"name": (text,)})
    found = finding("id", reason=text, key=text, subjects=(text,), facts={text: text})
    journal = Journal(folder, NOW)
    journal(tick(Change(NOW, "opened", found, (proof,)), time=NOW))
    journal.close()
    exported = CliRunner().invoke(app, ["export", "--state", str(folder)])
    shown = CliRunner().invoke(app, ["findings", "show", "id", "--state", str(folder)])
    (event,) = map(json.loads, exported.stdout.splitlines())

    assert exported.stdout[:-1].isprintable()
    assert all(line.isprintable() for line in shown.stdout.split("\n"))
    assert (event["message"], event["unmapped"]["key"]) == (text, text)
    assert event["unmapped"]["facts"] == {text: text}
    assert event["evidences"][0]["data"]["rows"][0]["name"] == text


def test_on_a_terminal_there_are_colours(ask):
    assert "\x1b[31m" in ask("findings", FORCE_COLOR="1").stdout
