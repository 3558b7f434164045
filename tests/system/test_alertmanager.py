"""Real Alertmanagers tell people of findings, whatever stops in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from aisec_daemon.journal.tail import Tail
from aisec_daemon.model import Change, Finding, Severity, Status
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.alertmanager import AlertmanagerOutlet
from tests.journal.findings import finding, tick
from tests.system.alertmanagers import alertmanager, people, wait

pytestmark = pytest.mark.system

QUICK = {"resend": 1.0, "expire": 60.0, "firing": 4.0, "timeout": 2.0, "patience": 0.2}
GPUS = tuple(f"GPU-{i:08d}-1111-2222-3333-444444444444" for i in range(8))


class Node:
    """A node whose findings open and close as a test says; it ticks ten times a second."""

    def __init__(self) -> None:
        self.outbox = Tail()
        self.said: list[str] = []
        self.open: dict[str, Finding] = {}

    def opens(self, name: str, **more) -> None:
        now = time.time()
        self.open[name] = finding(name, opened=now, since=now, **more)
        self._tick(Change(now, "opened", self.open[name]))

    def changes(self, name: str, **more) -> None:
        self.open[name] = replace(self.open[name], **more)
        self._tick(Change(time.time(), "changed", self.open[name]))

    def closes(self, name: str) -> None:
        now = time.time()
        closed = replace(self.open.pop(name), status=Status.CLOSED, closed=now)
        self._tick(Change(now, "closed", closed))

    @contextmanager
    def telling(self, *addresses: str, **settings) -> Iterator[Node]:
        urls = tuple(a if "://" in a else f"http://{a}" for a in addresses)
        outlet = AlertmanagerOutlet(urls=urls, **{**QUICK, **settings})
        self._sink = outlet.open(Place(Path("state"), "node7", "1", self.outbox))
        stopping = Event()

        def beat() -> None:
            while not stopping.wait(0.1):
                self._tick()

        thread = Thread(target=beat)
        thread.start()
        try:
            yield self
        finally:
            stopping.set()
            thread.join()
            self._sink.close()

    def _tick(self, *changes: Change) -> None:
        now = tick(*changes, open_now=tuple(self.open.values()), time=time.time())
        self.outbox(now)
        try:
            self._sink(now)
        except OSError as error:
            if str(error) not in self.said:
                self.said.append(str(error))


def test_a_miner_on_eight_gpus_is_one_notification_and_so_is_its_end(tmp_path):
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address) as am,
        Node().telling(am.address) as node,
    ):
        node.opens("miner", subjects=GPUS[:5])
        node.changes("miner", subjects=GPUS)
        wait(lambda: someone.notifications)
        time.sleep(6)
        told_while_open = list(someone.notifications)
        node.closes("miner")
        wait(lambda: ("miner", "resolved") in someone.told())
        time.sleep(3)

    assert [n["status"] for n in told_while_open] == ["firing"]
    (alert,) = told_while_open[0]["alerts"]
    assert set(alert["annotations"]["subjects"].split("\n")) == set(GPUS)
    assert alert["labels"]["node"] == "node7"
    assert someone.told() == [("miner", "firing"), ("miner", "resolved")]


def test_what_opens_and_closes_while_it_is_stopped_is_told_when_it_is_back(tmp_path):
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address) as am,
        Node().telling(am.address) as node,
    ):
        node.opens("before")
        wait(lambda: someone.notifications)
        am.stop()
        for at in range(200):
            node.opens(f"f{at}")
            if at % 2:
                node.closes(f"f{at}")
        node.closes("before")
        wait(lambda: node.said)
        am.start()
        every = {f"f{at}" for at in range(200)} | {"before"}
        closed = {f"f{at}" for at in range(1, 200, 2)} | {"before"}
        wait(lambda: someone.ids("firing") >= every)
        wait(lambda: someone.ids("resolved") >= closed)

    assert someone.ids("resolved") == closed
    assert len(someone.notifications) < 12  # of one rule on one node: they come in groups
    (said,) = node.said  # once, and by then it is gone or just going
    assert said.startswith(f"http://{am.address} takes no alerts: ")
    assert said.endswith(("nothing listens there", "it ends the connection without an answer"))
    assert node.outbox.pending(f"alertmanager/http://{am.address}", 1) == []


def test_without_being_kept_firing_it_would_never_be_heard_of(tmp_path):
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address, interval=4) as am,
        Node().telling(am.address, firing=0.0) as node,
    ):
        node.opens("other")
        wait(lambda: someone.notifications)
        node.opens("brief")
        time.sleep(0.5)
        node.closes("brief")
        node.closes("other")
        wait(lambda: ("other", "resolved") in someone.told())

    assert ("brief", "firing") not in someone.told()


def test_each_of_two_gets_everything_although_one_is_away_for_a_while(tmp_path):
    with (
        people() as first,
        people() as second,
        alertmanager(tmp_path / "1", first.address) as one,
        alertmanager(tmp_path / "2", second.address) as two,
        Node().telling(one.address, two.address) as node,
    ):
        two.stop()
        node.opens("miner")
        wait(lambda: first.notifications)
        assert second.notifications == []
        wait(lambda: node.said)
        two.start()
        wait(lambda: second.notifications)
        node.closes("miner")
        wait(lambda: ("miner", "resolved") in first.told())
        wait(lambda: ("miner", "resolved") in second.told())

    assert first.told() == second.told() == [("miner", "firing"), ("miner", "resolved")]


def test_one_that_forgot_everything_learns_of_what_is_still_open(tmp_path):
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address) as am,
        Node().telling(am.address) as node,
    ):
        node.opens("miner")
        wait(am.alerts)
        am.stop()
        am.start()
        wait(am.alerts)


def test_graver_is_told_and_the_milder_alert_ends(tmp_path):
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address) as am,
        Node().telling(am.address) as node,
    ):
        node.opens("miner", severity=Severity.WARNING)
        wait(lambda: someone.notifications)
        node.changes("miner", severity=Severity.CRITICAL)
        wait(lambda: len(someone.notifications) > 1)

    last = {a["labels"]["severity"]: a["status"] for a in someone.notifications[1]["alerts"]}
    assert last == {"warning": "resolved", "critical": "firing"}


HOSTILE = "x" * 65536 + "\n\0\x1b[31m\udcff\ud800\u202e{{ .Labels }}<!channel>\"'\\"


def test_hostile_text_arrives_as_text_of_bounded_size(tmp_path):
    with (
        people() as someone,
        alertmanager(tmp_path, someone.address) as am,
        Node().telling(am.address) as node,
    ):
        for at in range(3):
            text = HOSTILE[-40:] + HOSTILE if at else HOSTILE
            node.opens(
                f"{at}",
                key=text,
                subjects=(text,) * 100,
                reason=text,
                facts={text: text, "n": float("nan")},
                labels={"user": text, "container": "", "executable": text[::-1]},
            )
        wait(lambda: someone.ids("firing") == {"0", "1", "2"})

    for notification in someone.notifications:
        for alert in notification["alerts"]:
            words = [*alert["labels"].values(), *alert["annotations"].values()]
            assert all(line.isprintable() for word in words for line in word.split("\n"))
            assert sum(map(len, words)) < 20_000
