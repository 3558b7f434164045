"""Who may be asked, and where."""

from __future__ import annotations

import pytest

from aisec_daemon.host.probe.get import Target
from aisec_daemon.host.probe.measuring import Permission, candidates, target
from aisec_daemon.host.probe.services import services
from tests.host.probe.servers import listener

ALL = frozenset(services())
SOME = Permission(frozenset({"jupyter", "ray", "vllm"}))


def names(*given, permission=SOME, **more):
    return [each.name for each in candidates(listener(*given, **more), permission)]


@pytest.mark.parametrize(
    ("service", "port", "asked"),
    [
        ("jupyter", 8888, ["jupyter"]),
        ("jupyter", 9999, ["jupyter"]),  # known to be one, wherever it listens
        ("jupyter", 40000, []),  # a port that the kernel chose
        ("ray", 8265, ["ray"]),
        ("ray", 10002, []),  # its other ports speak no HTTP
        ("vllm", 29500, ["vllm"]),
        ("mlflow", 8888, []),  # known to be one that is not permitted
        ("", 8888, ["jupyter"]),
        ("", 8000, ["vllm"]),
        ("", 29500, []),  # a training's rendezvous
        ("", 40000, []),
        ("tgi", 8888, ["jupyter"]),  # a word of which no questions are known
    ],
)
def test_who_is_asked_for_what(service, port, asked):
    assert names("0.0.0.0", port, service=service) == asked


def test_an_operators_port_may_be_asked_for_all_that_he_permits():
    permission = Permission(SOME.classes, frozenset({40000}))

    assert names("0.0.0.0", 40000, permission=permission) == ["jupyter", "ray", "vllm"]
    assert names("0.0.0.0", 40000, service="ray", permission=permission) == ["ray"]


def test_nobody_is_asked_where_nothing_is_permitted():
    assert names("0.0.0.0", 8888, permission=Permission()) == []


@pytest.mark.parametrize(
    ("scope", "granted", "asked"),
    [("private", False, []), ("private", True, ["jupyter"]), ("container_only", True, [])],
)
def test_other_namespaces_only_where_they_are_granted(scope, granted, asked):
    permission = Permission(ALL, namespaces=granted)

    assert names("0.0.0.0", 8888, own=False, scope=scope, permission=permission) == asked


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("0.0.0.0", Target("127.0.0.1", 8888)),
        ("::", Target("::1", 8888)),
        ("127.0.0.1", Target("127.0.0.1", 8888)),
        ("127.0.0.53", Target("127.0.0.53", 8888)),
        ("::1", Target("::1", 8888)),
        ("10.0.0.5", Target("10.0.0.5", 8888)),
        ("8.8.8.8", None),  # bound to (IP_FREEBIND), but another machine's
    ],
)
def test_nobody_is_asked_at_an_address_of_another_machine(address, where):
    assert target(listener(address, addresses=("10.0.0.5",))) == where


def test_an_address_of_a_link_is_asked_on_that_link():
    given = listener("fe80::1", addresses=("fe80::1",))
    given.addresses.links[given.socket.local] = 3

    assert target(given) == Target("fe80::1", 8888, 3)
