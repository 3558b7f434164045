"""With the journal as its queue: an hour of outage and a daemon that dies in it lose nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aisec_daemon.journal.journal import Journal
from tests.sinks.alerting.story import Story

BEGIN = 1_800_000_000.0
RECEIVER = "alertmanager/http://am:9093"


@dataclass
class Kept(Story):
    """A story whose outbox is on a disk."""

    folder: Path = Path()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.outbox = Journal(self.folder, self.now)
        self.courier = self.new_courier()

    def restarts(self) -> Story:
        self.outbox.close()
        self.outbox = Journal(self.folder, self.now)
        return super().restarts()


def test_two_hundred_findings_of_an_hour_are_told_although_the_daemon_restarts(tmp_path):
    story = Kept(now=BEGIN, folder=tmp_path).goes_down()
    for at in range(200):
        story.at(BEGIN + at * 18).opens(f"f{at}")
        if at >= 100:
            story.closes(f"f{at - 100}")
        if at in {60, 150}:
            story.restarts()
    story.at(BEGIN + 3600).restarts().at(BEGIN + 3601)
    assert story.heard == []
    story.comes_back().at(BEGIN + 5000)
    left = story.outbox.pending(RECEIVER, 10)
    story.outbox.close()

    assert {t.finding for t in story.heard if t.state == "firing"} == {f"f{i}" for i in range(200)}
    assert {t.finding for t in story.heard if t.state == "resolved"} == {
        f"f{i}" for i in range(100)
    }
    assert len(left) == 0
