"""Each listener is asked once; the rest is memory."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest

from aisec_daemon.host.probe import probes as module
from aisec_daemon.host.probe.measuring import Permission
from aisec_daemon.host.probe.probes import Probed, Probes
from aisec_daemon.host.tally import Tally
from tests.host.probe.answers import ANSWERS
from tests.host.probe.servers import listener, page, serving, site, workload

JUPYTER, PROTECTED, _ = ANSWERS["jupyter"]


def permission(*servers, namespaces=False):
    ports = frozenset(server.target.port for server in servers)
    return Permission(frozenset({"jupyter"}), ports, namespaces)


@pytest.fixture
def tally():
    return Tally()


@pytest.fixture
def probes(tally):
    return Probes(Path("/"), tally)


def codes(tally):
    return {(call.call, call.code): count for call, count, _ in tally.rows()}


def test_nothing_is_asked_unless_it_is_permitted(probes, tally):
    with serving(site(JUPYTER)) as server:
        (found,) = probes.read([listener(port=server.target.port)], Permission(), 5.0)

    assert found == Probed("", None, "not_probed", found.asked_at, found.seconds)
    assert math.isnan(found.asked_at)
    assert server.connections == 0
    assert tally.rows() == []


def test_a_listener_is_asked_once_and_remembered(probes, tally, monkeypatch):
    monkeypatch.setattr(module, "_AGAIN_SECONDS", (0.0,))  # for those that did not answer
    with serving(site(JUPYTER)) as server:
        given = [listener(port=server.target.port)]
        found = [probes.read(given, permission(server), now) for now in (5.0, 15.0, 25.0)]

    assert server.paths == ["/api", "/api/status"]
    assert found[0] == found[1] == found[2]
    (answer,) = found[0]
    assert (answer.service, answer.version, answer.authentication) == ("jupyter", "2.21.1", "open")
    assert answer.asked_at == 5.0
    assert 0 < answer.seconds < 1
    assert codes(tally) == {("ask", "OK"): 1}


@pytest.mark.parametrize("change", ["inode", "program", "permission"])
def test_another_socket_program_or_permission_is_asked_anew(probes, change):
    with serving(site(JUPYTER)) as server:
        port = server.target.port
        probes.read([listener(port=port)], permission(server), 5.0)
        again = {
            "inode": listener(port=port, inode=2),
            "program": listener(port=port, who=workload(executable="/usr/bin/other")),
            "permission": listener(port=port),
        }[change]
        more = Permission(
            frozenset({"jupyter"} | ({"ray"} if change == "permission" else set())),
            frozenset({port}),
        )
        probes.read([again], more, 15.0)

    assert server.paths.count("/api") == 2


def test_one_that_is_silent_is_asked_again_ever_more_rarely(probes, tally, monkeypatch):
    """A model's server opens its port minutes before it answers."""
    with serving(lambda *_: None) as server:
        given, permitted = [listener(port=server.target.port)], permission(server)
        clock = [1000.0]
        monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
        monkeypatch.setattr(module, "measure", lambda *_: asked.append(clock[0]) or silent)
        asked, silent = [], module.Measured()
        for _ in range(600):
            (found,) = probes.read(given, permitted, clock[0])
            clock[0] += 10.0

    assert asked == [1000.0, 1060.0, 1660.0, 5260.0]
    assert found.authentication == "unknown"
    assert codes(tally) == {("ask", "no answer"): 4}


def test_one_that_answers_later_is_known_then(probes, monkeypatch):
    monkeypatch.setattr(module, "_AGAIN_SECONDS", (0.0,))
    pages = {}
    with serving(site(pages, b"\x00")) as server:
        given, permitted = [listener(port=server.target.port)], permission(server)
        (before,) = probes.read(given, permitted, 5.0)
        pages.update(JUPYTER)
        (after,) = probes.read(given, permitted, 15.0)

    assert (before.authentication, after.authentication) == ("unknown", "open")


def test_a_turn_is_short_however_many_do_not_answer(probes, monkeypatch):
    """Whoever was not asked yet is unread, not unmeasured; the next turn goes on."""
    monkeypatch.setattr(module, "_TURN_SECONDS", 0.5)
    with serving(lambda *_: time.sleep(0.4)) as server:
        given = [listener(port=server.target.port, inode=inode) for inode in range(1, 6)]
        begun = time.monotonic()
        first = probes.read(given, permission(server), 5.0)
        spent = time.monotonic() - begun
        second = probes.read(given, permission(server), 15.0)

    assert spent < 2.0
    assert first[-1].authentication is None
    waiting = [sum(one.authentication is None for one in found) for found in (first, second)]
    assert waiting[1] < waiting[0]


def test_an_address_of_another_machine_is_counted_not_asked(probes, tally, monkeypatch):
    monkeypatch.setattr(module, "measure", lambda *_: pytest.fail("it was asked"))
    with serving(site(JUPYTER)) as server:
        (found,) = probes.read([listener("8.8.8.8", server.target.port)], permission(server), 5.0)

    assert found.authentication == "unknown"
    assert codes(tally)[("ask", "address not of this machine")] == 1


def test_a_namespace_that_may_not_be_entered_is_unknown_and_counted(probes, tally, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module, "measure_inside", refuse)
    with serving(site(JUPYTER)) as server:
        given = [listener("0.0.0.0", server.target.port, own=False)]
        (found,) = probes.read(given, permission(server, namespaces=True), 5.0)

    assert found.authentication == "unknown"
    assert codes(tally) == {("ask", "no answer"): 1, ("namespace", "EPERM"): 1}
    assert server.connections == 0


def test_a_process_that_is_gone_is_unknown_and_counted(probes, tally):
    """Its namespace is not that of whoever bears its pid now."""
    given = [listener("0.0.0.0", 8888, own=False, who=workload(os.getpid()))]
    (found,) = probes.read(given, Permission(frozenset({"jupyter"}), namespaces=True), 5.0)

    assert found.authentication == "unknown"
    assert codes(tally)[("namespace", "ESRCH")] == 1


def test_a_listener_that_is_gone_is_forgotten(probes):
    with serving(site(PROTECTED, page(404))) as server:
        probes.read([listener(port=server.target.port)], permission(server), 5.0)
        probes.read([], permission(server), 15.0)

        assert probes._known == {}
