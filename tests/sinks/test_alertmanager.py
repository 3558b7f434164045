"""Alertmanagers, each with a thread: none delays the ticks or the others, no secret is told."""

from __future__ import annotations

import json
import logging
import re
import textwrap
import time
from pathlib import Path

import pytest
from typing_extensions import Self

from aisec_daemon.app import logs
from aisec_daemon.app.settings import SettingsError, load
from aisec_daemon.journal.tail import Tail
from aisec_daemon.model.exposition import Board, Page
from aisec_daemon.sinks import Place
from aisec_daemon.sinks.alerting import worker
from aisec_daemon.sinks.alertmanager import AlertmanagerOutlet
from tests.journal.findings import change, finding, tick
from tests.sinks.alerting.server import reply, serving

QUICK = {"timeout": 1.0, "patience": 0.1}
SECRET = "hunter2-s3cr3t"


def wait(condition, seconds: float = 10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


class Desk:
    """A sink that is open, and the outbox that it takes from."""

    def __init__(self, *ports: int, **settings) -> None:
        urls = tuple(f"http://127.0.0.1:{port}" for port in ports)
        self.outbox, self.board = Tail(), Board()
        self.outlet = AlertmanagerOutlet(urls=urls, **{**QUICK, **settings})
        self.sink = self.outlet.open(
            Place(Path("state"), "node7", "1", self.outbox, board=self.board)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sink.close()

    def opens(self, name: str) -> str:
        return self.ticks(change("opened", of=finding(name)))

    def ticks(self, *changes) -> str:
        """Give it one tick; return what it says of trouble."""
        now = tick(*changes, time=time.time())
        self.outbox(now)
        try:
            self.sink(now)
        except OSError as error:
            return str(error)
        return ""

    def page(self) -> str:
        return Page("1", lambda: self.board.chunks({})).plain(openmetrics=False).decode()


def findings(server) -> list[str]:
    return [a["labels"]["finding"] for _, _, body in server.requests for a in json.loads(body)]


def test_every_one_is_told():
    with serving() as one, serving() as two, Desk(one.port, two.port) as desk:
        desk.opens("miner")
        wait(lambda: findings(one) == findings(two) == ["miner"])
        labels = f'{{receiver="http://127.0.0.1:{one.port}",code="200"}}'
        wait(lambda: f"aisec_alertmanager_requests_total{labels} 1" in desk.page())


@pytest.mark.parametrize(
    ("settings", "leads_to"),
    [
        ({"runbooks": "https://wiki.example.org/rules/{rule}.md"}, "wiki.example.org/rules/hot.md"),
        ({"page": "https://node7:9837"}, "node7:9837/rules/hot"),
        ({"page": "https://node7:9837/", "runbooks": "https://w/{rule}"}, "w/hot"),
        ({}, None),
    ],
)
def test_a_runbook_is_where_it_is_said_or_on_the_nodes_own_page(settings, leads_to):
    with serving() as server, Desk(server.port, **settings) as desk:
        desk.opens("miner")
        _, _, body = wait(lambda: server.requests)[0]
    url = json.loads(body)[0]["annotations"].get("runbook_url")

    assert url == (leads_to and f"https://{leads_to}")


def test_news_is_told_at_once(monkeypatch):
    monkeypatch.setattr(worker, "_LONGEST_WAIT_SECONDS", 60.0)
    with serving() as server, Desk(server.port) as desk:
        for name in ("a", "b"):
            desk.opens(name)
            wait(lambda name=name: name in findings(server))


def test_one_that_hangs_holds_up_neither_ticks_nor_the_other():
    def hang(handler) -> None:
        time.sleep(3)

    with serving() as hung, serving() as well, Desk(hung.port, well.port) as desk:
        hung.say = hang
        for name in "abc":
            begun = time.perf_counter()
            desk.opens(name)
            assert time.perf_counter() - begun < 0.5
        wait(lambda: set(findings(well)) == {"a", "b", "c"})
        said = wait(desk.ticks)
        closing = time.perf_counter()
    took = time.perf_counter() - closing

    assert said == f"http://127.0.0.1:{hung.port} takes no alerts: it does not answer in time"
    assert took < 2.5


def test_what_is_not_delivered_is_still_in_the_outbox():
    with serving() as server:
        server.say = lambda handler: reply(handler, 503)
        with Desk(server.port) as desk:
            desk.opens("miner")
            wait(lambda: server.requests)
    left = desk.outbox.pending(f"alertmanager/http://127.0.0.1:{server.port}", 10)

    assert [change.finding.id for _, change in left] == ["miner"]


def test_when_it_is_closed_its_numbers_leave_the_page():
    with serving() as server:
        with Desk(server.port) as desk:
            assert "aisec_alertmanager_waiting_changes" in desk.page()
        assert "aisec_alertmanager" not in desk.page()


def test_a_secret_is_in_no_log_no_page_no_error_and_no_picture_of_the_settings(
    tmp_path, capfd, caplog
):
    """Whatever is wrong: refused, redirected, repeated by the server, unusable as it is."""
    (tmp_path / "secret").write_text(SECRET)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.begin("debug")
    root.setLevel(logging.DEBUG)
    said = []
    credentials = [
        {"user": "aisec", "password_file": str(tmp_path / "secret")},
        {"token_file": str(tmp_path / "secret")},
    ]
    with serving() as server:
        for status in (401, 400, 302, 500):
            server.say = lambda handler, status=status: reply(
                handler, status, f'"{SECRET} {handler.headers["Authorization"]}"'.encode()
            )
            for given in credentials:
                (tmp_path / "secret").write_text(SECRET)
                with Desk(server.port, **given) as desk:
                    desk.opens("miner")
                    before = len(server.requests)
                    wait(lambda before=before: len(server.requests) > before)
                    (tmp_path / "secret").write_text(f"{SECRET}\n{SECRET}\x00")
                    desk.opens("other")
                    said += [wait(lambda desk=desk: desk.ticks() or desk.page(), 3)]
                    said += [desk.ticks(), desk.page(), repr(desk.outlet), repr(desk.sink)]
        sent = [headers["Authorization"] for _, headers, _ in server.requests]
    root.handlers, root.level = handlers, level
    output = capfd.readouterr()
    everything = "\n".join([*said, *caplog.messages, output.out, output.err])

    assert f"Bearer {SECRET}" in sent
    assert any("takes no alerts" in words for words in said)
    for secret in (SECRET, "hunter2", *(value.split()[1] for value in sent)):
        assert secret not in everything


def test_without_an_address_it_does_nothing():
    with Desk() as desk:
        assert desk.opens("miner") == ""


def test_settings_of_the_file_become_its_own(tmp_path):
    file = tmp_path / "aisec.toml"
    file.write_text(
        '[sinks.alertmanager]\nurls = ["https://am1:9093", "https://am2:9093"]\n'
        'user = "aisec"\npassword_file = "/etc/p"\nlabels = ["cluster=a=b"]\nresend = 30\n'
    )
    outlet = load(file).outlets()["alertmanager"]

    assert outlet.urls == ("https://am1:9093", "https://am2:9093")
    assert outlet == load(file).outlets()["alertmanager"]


def test_the_example_of_the_manual_can_be_used(tmp_path):
    manual = (Path(__file__).parents[2] / "docs/alerting.md").read_text("utf-8")
    example = re.search(r"(?:^    .*\n)+", manual[manual.index("## Push") :], re.MULTILINE)[0]
    file = tmp_path / "aisec.toml"
    file.write_text(textwrap.dedent(example))

    assert load(file).outlets()["alertmanager"].user == "aisec"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('urls = ["https://aisec:hunter2@am1"]', "no user or password"),
        ('urls = ["http://am1", "http://AM1/"]', "twice"),
        ('user = "aisec"', "belong together"),
        ('labels = ["cluster"]', "cluster=a"),
        ('labels = ["node=x"]', "own"),
        ('labels = ["__x=y"]', "own"),
        ('page = "javascript:alert(1)"', "addresses"),
        ('runbooks = "http://[::1"', "addresses"),
        ("resend = 901", "four times"),
        ("timeout = 0", "more than 0"),
        ('key_file = "k"', "certificate_file"),
    ],
)
def test_mistakes_in_the_settings_are_told_before_anything_runs(tmp_path, line, why):
    file = tmp_path / "aisec.toml"
    file.write_text(f"[sinks.alertmanager]\n{line}\n")
    with pytest.raises(SettingsError, match=why) as refusal:
        load(file)

    assert "hunter2" not in str(refusal.value)
