"""Sinks are opened, kept, replaced and closed as the settings say, and their failures are seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import ClassVar

import pytest

from aisec_daemon.app.clock import Clock
from aisec_daemon.app.outlets import Outlets
from aisec_daemon.journal.tail import Tail
from aisec_daemon.pipeline.upkeep import Upkeep
from aisec_daemon.sinks import Place

EVENTS: list[str] = []


@dataclass(frozen=True)
class Pipe:
    on: ClassVar = True
    replays: ClassVar = False
    families: ClassVar = ()
    to: str = "a"

    def open(self, place):
        if self.to in BROKEN:
            raise OSError(f"{self.to} is not there")
        if self.to == "faulty":
            raise KeyError("oops")
        EVENTS.append(f"open {self.to}")
        return Open(self.to)


class Local(Pipe):
    replays: ClassVar = True


class Open:
    def __init__(self, to):
        self.to = to

    def __call__(self, tick):
        pass

    def close(self):
        EVENTS.append(f"close {self.to}")
        if self.to == "stubborn":
            raise RuntimeError("no")


BROKEN: set[str] = set()


@pytest.fixture(autouse=True)
def clean():
    EVENTS.clear()
    BROKEN.clear()


@pytest.fixture
def upkeep() -> Upkeep:
    return Upkeep()


@pytest.fixture
def outlets(upkeep) -> Outlets:
    return Outlets(upkeep, Clock())


def errors(upkeep) -> dict[str, str]:
    table = upkeep.snapshot(Clock().now())
    return dict(zip(table.labels["part"], table.labels["error"], strict=True))


def place(mark: str = "", tail: Tail = Tail()) -> Place:  # noqa: B008 # the same each time
    return Place(Path("state"), "node", "1", tail, mark=mark, board=BOARD)


BOARD = Place(Path(), "", "", Tail()).board


def test_settings_that_did_not_change_leave_a_sink_as_it_is(outlets):
    outlets.arrange({"x": Pipe("a"), "y": Pipe("b")}, place())
    before = outlets.sinks["x"]
    outlets.arrange({"x": Pipe("a"), "y": Pipe("c")}, place())

    assert outlets.sinks["x"] is before
    assert EVENTS == ["open a", "open b", "close b", "open c"]


def test_a_sink_that_is_switched_off_is_closed_and_no_longer_expected(outlets, upkeep):
    outlets.arrange({"x": Pipe()}, place())
    outlets.arrange({}, place())

    assert EVENTS == ["open a", "close a"]
    assert errors(upkeep) == {}


@pytest.mark.parametrize("to", ["gone", "faulty"])
def test_one_that_cannot_be_opened_is_seen_and_stops_no_other(outlets, upkeep, to, caplog):
    BROKEN.add("gone")
    outlets.arrange({"x": Pipe(to), "y": Pipe("b")}, place())

    assert list(outlets.sinks) == ["y"]
    assert errors(upkeep)["sink/x"]
    assert "sink/x" in caplog.text


def test_it_is_tried_again(outlets, upkeep):
    BROKEN.add("a")
    outlets.arrange({"x": Pipe()}, place())
    BROKEN.clear()
    outlets.open_missing()

    assert list(outlets.sinks) == ["x"]
    assert errors(upkeep) == {"sink/x": ""}


def test_while_a_recording_is_played_nothing_that_leaves_is_open(outlets):
    outlets.arrange({"x": Pipe(), "y": Local("page")}, place("demo"))

    assert list(outlets.sinks) == ["y"]


def test_one_that_does_not_close_well_is_gone_all_the_same(outlets, caplog):
    outlets.arrange({"x": Pipe("stubborn"), "y": Pipe("b")}, place())
    outlets.close()

    assert outlets.sinks == {}
    assert {"close b", "close stubborn"} <= set(EVENTS)
    assert "sink/x" in caplog.text


def test_one_that_hangs_when_it_is_closed_is_left_behind(outlets, monkeypatch):
    monkeypatch.setattr("aisec_daemon.app.outlets.CLOSE_SECONDS", 0.2)
    outlets.arrange({"x": Pipe("a"), "y": Pipe("b")}, place())
    hanging = Event()
    outlets.sinks["x"].close = lambda: hanging.wait(20)
    begun = time.monotonic()
    outlets.close()
    hanging.set()

    assert time.monotonic() - begun < 2
    assert "close b" in EVENTS
