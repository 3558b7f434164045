"""The sink as the daemon has it: settings, several targets, one that fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from aisec_daemon.journal.tail import Tail
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.events import EventsOutlet
from aisec_daemon.sinks.targets import journald
from tests.journal.findings import change, finding, tick


def place(tmp_path: Path, tail: Tail) -> Place:
    return Place(tmp_path, "node", "1", tail)


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def until(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def test_what_is_told_lands_in_the_file_and_what_is_allowed_does_not(tmp_path):
    tail, file = Tail(), tmp_path / "events.jsonl"
    sink = EventsOutlet(journald=False, file=str(file)).open(place(tmp_path, tail))
    allowed = finding("b", allowed="burn-in")
    for each in (
        tick(change("opened")),
        tick(change("opened", of=allowed)),
        tick(change("closed")),
    ):
        tail(each)
        sink(each)
    until(lambda: len(lines(file)) == 2)
    sink.close()

    assert [x["activity_name"] for x in lines(file)] == ["Create", "Close"]


def test_a_target_that_fails_is_said_and_delays_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(journald.Journald.__init__, "__defaults__", (str(tmp_path / "no journal"),))
    tail, file = Tail(), tmp_path / "events.jsonl"
    sink = EventsOutlet(file=str(file)).open(place(tmp_path, tail))
    tail(tick(change("opened")))
    until(lambda: lines(file))
    with pytest.raises(OSError, match=r"events/journald: .*No such file"):
        until(lambda: sink(tick()) or False)
    sink.close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"syslog": "somewhere"}, "somewhere"),
        ({"file": "events.jsonl"}, "absolute"),
        ({"syslog_max_bytes": 100}, "2048"),
        ({"file_keep": -1}, "file_keep"),
    ],
)
def test_wrong_settings_are_refused(given, told):
    with pytest.raises(ValueError, match=told):
        EventsOutlet(**given)


def test_without_a_target_it_cannot_be_opened(tmp_path):
    with pytest.raises(OSError, match="no target"):
        EventsOutlet(journald=False).open(place(tmp_path, Tail()))
