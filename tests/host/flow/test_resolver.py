"""Names are resolved aside: nobody waits for a resolver."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from aisec_daemon.host.flow import resolver as module
from aisec_daemon.host.flow.resolver import Resolver
from aisec_daemon.host.tally import Tally


def answer(*addresses):
    return [(2, 1, 6, "", (address, 0)) for address in addresses]


@pytest.fixture
def asked(monkeypatch):
    """Answer for two names, refuse the others; note who was asked for."""
    names = []
    known = {"a.org": answer("1.1.1.1", "2001:db8::1%eth0"), "b.org": answer("1.1.1.1")}

    def getaddrinfo(host, *_, **__):
        names.append(host)
        if host not in known:
            raise socket.gaierror(-2, "unknown")
        return known[host]

    monkeypatch.setattr(module.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.05)
    return names


def wait(condition):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_what_is_not_known_yet_is_known_later(asked):
    tally = Tally()
    resolver = Resolver(tally)
    hosts = ["a.org", "b.org", "nobody.org"]

    assert resolver.names(hosts) == {}
    assert wait(lambda: resolver.names(hosts) == {"1.1.1.1": "a.org", "2001:db8::1": "a.org"})
    assert wait(lambda: len(asked) == 3)
    assert ("resolver", "getaddrinfo", "gaierror") in [tuple(call) for call, _, _ in tally.rows()]


def test_a_name_is_asked_once_in_a_while_and_forgotten_with_its_owner(asked):
    resolver = Resolver(Tally())
    for _ in range(5):
        resolver.names(["a.org"])
    assert wait(lambda: resolver.names(["a.org"]))
    assert asked == ["a.org"]
    assert resolver.names([]) == {}
    resolver.names(["a.org"])

    assert wait(lambda: asked == ["a.org", "a.org"])


def test_the_thread_ends_when_nothing_is_asked_and_comes_again(asked):
    resolver = Resolver(Tally())
    resolver.names(["a.org"])
    assert wait(lambda: resolver._thread is None)
    resolver.names(["a.org", "b.org"])

    assert wait(lambda: "b.org" in asked)


def test_a_resolver_that_hangs_holds_nobody_up(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(module.socket, "getaddrinfo", lambda *_, **__: release.wait(30) and [])
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.05)
    resolver = Resolver(Tally())
    before = threading.active_count()
    begun = time.monotonic()
    for at in range(50):
        assert resolver.names([f"{at}.org"]) == {}
    spent = time.monotonic() - begun
    threads = threading.active_count() - before
    release.set()

    assert spent < 5
    assert threads <= 1
    assert wait(lambda: resolver._thread is None)
