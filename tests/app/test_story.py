"""Incidents as they are lived through: what is found, who is told, and what a crash costs."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aisec_daemon.cli import app
from tests.daemon import Running, running
from tests.fake_nvml import scenario

QUICK = "[detectors.blind]\nafter = 2\n[detectors.gpu_vanished]\nafter = 1000\n"
EVENTS = "[sinks.events]\nenabled = true\njournald = false\nfile = "


class Story:
    """A node of four GPUs, its daemon, and the file in which a SIEM would look."""

    def __init__(self, folder: Path) -> None:
        self.world, self.state = folder / "world.json", folder / "state"
        self.settings, self.file = folder / "aisec.toml", folder / "events.jsonl"
        self.settings.write_text(f"{QUICK}{EVENTS}'{self.file}'\n")
        self.heal()

    def lose(self, gpu: int) -> None:
        """The driver says that a GPU has fallen off the bus (NVML_ERROR_GPU_IS_LOST)."""
        node = scenario.node(gpus=4)
        node["gpus"][gpu]["code"] = 15
        scenario.write(self.world, node)

    def heal(self) -> None:
        scenario.write(self.world, scenario.node(gpus=4))

    def uuid(self, gpu: int) -> str:
        return scenario.node(gpus=4)["gpus"][gpu]["uuid"]

    def daemon(self):
        return running(self.state, "--settings", str(self.settings), world=self.world)

    def ask(self, *words: str) -> list[dict]:
        result = CliRunner().invoke(app, [*words, "--state", str(self.state)])
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def events(self, about: str = "") -> list[tuple[str, str]]:
        """Return what the SIEM was told: what happened, and to which finding about something.

        What was on its way when the crash came is told again under the same name, once.
        """
        text = self.file.read_text() if self.file.exists() else ""
        lines = {x["metadata"]["uid"]: x for x in map(json.loads, text.splitlines())}
        return [
            (x["activity_name"], x["finding_info"]["uid"])
            for x in lines.values()
            if about in x["message"]
        ]


@pytest.fixture
def story(tmp_path) -> Story:
    return Story(tmp_path)


def lines(daemon: Running, *words: str) -> list[str]:
    return [line for line in daemon.log if all(word in line for word in words)]


def test_a_gpu_is_lost_the_daemon_is_killed_and_the_gpu_comes_back(story):
    with story.daemon() as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=story.uuid(2)))
        story.lose(2)
        daemon.wait(lambda: story.events("GPU-"))
        assert len(lines(daemon, "opened", story.uuid(2))) == 1
        daemon.signal(signal.SIGKILL)
        daemon.process.wait(timeout=5)

    # the daemon is down: the journal knows
    open_now = story.ask("findings", "--json", "--rule", "blind")
    (found,) = [each for each in open_now if story.uuid(2) in each["reason"]]
    assert story.events(story.uuid(2)) == [("Create", found["id"])]
    (shown,) = story.ask("findings", "show", found["id"], "--json")
    assert shown["changes"][0]["evidence"]

    with story.daemon() as daemon:  # nobody is told anew
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="blind"))
        story.heal()
        daemon.wait(lambda: ("Close", found["id"]) in story.events(), 40)
        assert lines(daemon, "finding", "opened", story.uuid(2)) == []
        assert daemon.stop() == 0
    assert story.events(story.uuid(2)) == [("Create", found["id"]), ("Close", found["id"])]
    exported = [e for e in story.ask("export") if e["finding_info"]["uid"] == found["id"]]
    assert [e["activity_name"] for e in exported] == ["Create", "Close"]


def test_a_sink_that_is_switched_on_by_a_reload_tells_what_happens_from_then_on(story):
    story.settings.write_text(QUICK)
    with story.daemon() as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=story.uuid(1)))
        story.lose(1)
        daemon.wait(lambda: lines(daemon, "finding", "opened", story.uuid(1)))
        story.settings.write_text(f"{QUICK}{EVENTS}'{story.file}'\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait(lambda: lines(daemon, "settings reloaded"))
        story.heal()
        daemon.wait(lambda: story.events(story.uuid(1)), 40)

    assert [what for what, _ in story.events(story.uuid(1))] == ["Close"]


def test_a_rule_that_is_switched_off_closes_what_it_had_open(story):
    with story.daemon() as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=story.uuid(1)))
        story.lose(1)
        daemon.wait(lambda: story.events("GPU-"))
        story.settings.write_text(f"[detectors.blind]\nenabled = false\n{EVENTS}'{story.file}'\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait(lambda: len(story.events(story.uuid(1))) == 2)

    assert [what for what, _ in story.events(story.uuid(1))] == ["Create", "Close"]
    assert story.ask("findings", "--json", "--rule", "blind") == []


def test_where_the_journal_cannot_be_kept_findings_are_told_and_the_loss_is_one_of_them(story):
    story.state = Path("/dev/null/state")
    with story.daemon() as daemon:
        daemon.wait(lambda: lines(daemon, "there is no journal"))
        daemon.wait(lambda: lines(daemon, "finding", "opened", "sink/journal"))
        before = daemon.value("aisec_upkeep_runs_total", part="sampler/gpu")
        daemon.wait(
            lambda: daemon.value("aisec_upkeep_runs_total", part="sampler/gpu") > before + 2
        )
        story.lose(3)
        daemon.wait(lambda: story.events(story.uuid(3)))
        daemon.wait(lambda: daemon.value("aisec_journal_lost_changes_total") >= 2)


def test_a_damaged_journal_is_set_aside_and_what_was_open_stays_open(story):
    with story.daemon() as daemon:
        daemon.wait(lambda: daemon.value("aisec_gpu_power_watts", uuid=story.uuid(2)))
        story.lose(2)
        daemon.wait(lambda: story.events("GPU-"))
        assert daemon.stop() == 0
    file = story.state / "journal.db"
    content = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as db:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'change_time'"
        (page,) = db.execute(query).fetchone()
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    with story.daemon() as daemon:
        daemon.wait(lambda: daemon.value("aisec_finding_open", rule="blind"))

        assert lines(daemon, "damaged", "set aside")
        assert list(story.state.glob("journal.db.damaged-*"))
        assert lines(daemon, "finding", "opened", story.uuid(2)) == []
    assert [what for what, _ in story.events(story.uuid(2))] == ["Create"]
