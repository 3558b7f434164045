"""Listening sockets of workloads, with true sockets of this machine."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.network import diag, namespace, owners
from tests.host.network.started import listening, watching


@pytest.fixture
def watch():
    with watching() as opened:
        yield opened


def test_a_workload_that_listens_is_found_and_others_are_not(watch):
    with listening() as one, listening():
        watch.source.add(one.pid)

        assert watch.ports() == {one.port: (f"asset-{one.pid}", "loopback")}


def test_connections_are_no_listeners(watch):
    with listening() as one, socket.create_connection(("127.0.0.1", one.port)):
        watch.source.add(one.pid)
        watch.source.add(os.getpid())

        assert set(watch.ports()) == {one.port}


def test_it_is_seen_first_when_it_is_and_keeps_that(watch):
    with listening() as one:
        watch.source.add(one.pid)
        found = [watch.listeners.read(now)[0] for now in (5.0, 15.0)]

    assert [each.first_seen for each in found] == [5.0, 5.0]
    assert found[0].subject == found[1].subject
    assert found[0].subject.startswith(f"{found[0].workload.identity.subject}/")
    assert found[0].own


@pytest.mark.parametrize(("word", "left"), [("more", 2), ("instead", 1)])
def test_a_socket_that_comes_later_is_found_at_the_next_turn(watch, word, left):
    """One in place of another leaves the number of open files as it was."""
    with listening() as one:
        watch.source.add(one.pid)
        watch.ports()
        port = one.tell(word)
        found = watch.ports()

    assert port in found
    assert len(found) == left


def test_a_listener_that_vanishes_is_gone_at_once(watch):
    with listening() as one:
        watch.source.add(one.pid)
        assert watch.ports()

    assert watch.ports() == {}


def test_nobody_can_crowd_out_another_user(watch, monkeypatch):
    """However many processes he listens with."""
    monkeypatch.setattr("aisec_daemon.host.network.listeners._LISTENERS_MAX", 2)
    with listening() as one, listening() as two, listening() as three:
        ports = {each.pid: each.port for each in (one, two, three)}
        for pid in ports:
            watch.source.add(pid)
        for alone, port in ports.items():
            for workload in watch.source.workloads:
                who = workload.identity
                object.__setattr__(who, "uid", 1 if who.pid == alone else 2)
            found = watch.ports()

            assert len(found) == 2
            assert port in found
        rows = watch.tally.rows()
        assert [call.code for call, _, _ in rows if call.call == "rows"] == ["dropped"]


def test_a_workload_that_is_new_is_looked_at_though_its_socket_is_old(watch):
    """A process became a workload when it loaded its libraries, long after it listened."""
    with listening() as one, listening() as other:
        watch.source.add(other.pid)
        watch.ports()
        watch.source.add(one.pid)

        assert set(watch.ports()) == {one.port, other.port}


def test_a_socket_of_several_processes_is_the_oldest_ones(watch):
    """A server that forks its workers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = os.fork()
        if not child:
            signal.pause()
            os._exit(0)
        try:
            watch.source.add(child)
            watch.source.add(os.getpid())
            found = watch.ports()
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

        assert found[server.getsockname()[1]][0] == f"asset-{os.getpid()}"


def test_a_wildcard_has_the_widest_scope_of_the_machines_addresses(watch):
    with listening("0.0.0.0") as one, listening("::") as both:
        watch.source.add(one.pid)
        watch.source.add(both.pid)
        found = watch.ports()

    scopes = ["loopback", "private", "public"]
    assert found[one.port][1] in scopes
    assert scopes.index(found[both.port][1]) >= scopes.index(found[one.port][1])


def test_addresses_that_cannot_be_read_leave_a_wildcards_scope_unread(watch, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(namespace, "read_addresses", refuse)
    with listening("0.0.0.0") as one, listening() as other:
        watch.source.add(one.pid)
        watch.source.add(other.pid)
        found = watch.ports()

    assert [found[each.port][1] for each in (one, other)] == [None, "loopback"]
    assert ("addresses", "EACCES") in {(c.call, c.code) for c, _, _ in watch.tally.rows()}


def test_files_that_may_not_be_read_are_no_empty_table(watch, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(owners, "read_links", refuse)
    with listening() as one:
        watch.source.add(one.pid)
        with pytest.raises(UnreadableError, match="1 processes"):
            watch.ports()


def test_a_kernel_without_sock_diag_has_tables_still(watch, monkeypatch):
    def refuse(**_):
        raise FileNotFoundError(2, "no such module")

    monkeypatch.setattr(diag, "dump", refuse)
    with listening() as one:
        watch.source.add(one.pid)

        assert set(watch.ports()) == {one.port}


def test_a_turn_without_change_follows_no_link_and_reads_no_table(watch, monkeypatch):
    """What is known is not looked at again."""
    calls = Counter()

    def counted(module, name):
        real = getattr(module, name)

        def call(*given, **more):
            calls[name] += 1
            return real(*given, **more)

        monkeypatch.setattr(module, name, call)

    with listening() as one, listening("0.0.0.0") as other:
        watch.source.add(one.pid)
        watch.source.add(other.pid)
        watch.ports()
        for module, name in ((owners, "read_links"), (owners, "slurp"), (diag, "parse")):
            counted(module, name)
        counted(namespace, "read_addresses")
        turns = [(watch.ports(), Counter(calls)) for _ in range(4)]

    assert all(len(found) == 2 for found, _ in turns)
    assert turns[-1][1] == Counter()


@pytest.mark.system
@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_another_namespace_is_read_and_has_a_scope_of_its_own(watch, bound):
    """Needs root, to make one."""
    inside = 'ip link set lo up; exec "$@"'
    alone = ("unshare", "--net", "sh", "-c", inside, "-")
    public = ("unshare", "--net", "sh", "-c", f"ip address add 8.8.8.8/32 dev lo; {inside}", "-")
    with (
        listening(bound, prefix=alone) as one,
        listening(bound, prefix=public) as other,
        listening() as ours,
    ):
        for each in (one, other, ours):
            watch.source.add(each.pid)
        found = {each.socket.local_port: each for each in watch.listeners.read(1.0)}
        later = [other.tell("more"), ours.tell("more")]
        then = watch.ports()

    assert [found[each.port].own for each in (one, other, ours)] == [False, False, True]
    assert found[one.port].scope == "container_only"
    assert found[other.port].scope == ("public" if bound == "0.0.0.0" else "container_only")
    assert found[ours.port].scope == "loopback"
    assert set(later) <= set(then)
