"""Peers of connections: which go out, and how many are one."""

from __future__ import annotations

from ipaddress import ip_address

from aisec_daemon.host.flow.peers import Peer, grouped, outgoing
from aisec_daemon.host.network.socket import ESTABLISHED, LISTEN, TcpSocket

HERE = ip_address("10.0.0.5")
NOWHERE = ip_address("0.0.0.0")


def to(peer, port=443, local_port=40000, state=ESTABLISHED):
    return TcpSocket(1, state, HERE, local_port, ip_address(peer), port)


def listening(port):
    return TcpSocket(1, LISTEN, NOWHERE, port, NOWHERE, 0)


def unknown(_):
    return ""


def test_who_came_in_is_no_service_outside():
    out = to("1.1.1.1")
    sockets = [
        *(out, listening(8000), to("8.8.8.8", 51000, 8000), to("8.8.4.4", 443, 8000)),
        *(
            to("9.9.9.9", 50000, 443),
            to("127.0.0.1", 443),
            to("1.1.1.1", state=8),
            to(str(HERE), 6379),
        ),
    ]

    assert outgoing(sockets) == [out]


def test_two_clients_ports_may_be_either_and_count_as_going_out():
    ring = to("10.0.0.6", 45000, 46000)

    assert outgoing([ring]) == [ring]


def test_connections_of_one_peer_are_counted():
    sockets = [to("1.1.1.1"), to("1.1.1.1", local_port=2), to("2606:4700::1", 8443)]

    assert grouped(sockets, unknown) == {
        Peer("1.1.1.1:443", "", "public", "connection"): 2,
        Peer("[2606:4700::1]:8443", "", "public", "connection"): 1,
    }


def test_a_known_range_and_a_resolved_name_come_before_an_address():
    sockets = [to("160.79.104.9"), to("160.79.105.9"), to("1.1.1.1"), to("1.0.0.1")]
    names = {"1.1.1.1": "api.openai.com", "1.0.0.1": "api.openai.com"}

    assert grouped(sockets, lambda address: names.get(address, "")) == {
        Peer("Anthropic API:443", "Anthropic API", "public", "address range"): 2,
        Peer("api.openai.com:443", "api.openai.com", "public", "resolved"): 2,
    }


def test_a_cluster_is_told_by_its_networks():
    sockets = [to(f"10.0.{net}.{at}", 40000 + at) for net in (1, 2) for at in range(1, 30)]
    sockets += [to(f"10.0.3.{at}", 2379) for at in range(1, 4)]

    assert grouped(sockets, unknown) == {
        Peer("10.0.1.0/24:*", "", "private", "connection"): 29,
        Peer("10.0.2.0/24:*", "", "private", "connection"): 29,
        Peer("10.0.3.0/24:2379", "", "private", "connection"): 3,
    }
    assert len(grouped(sockets[:10], unknown)) == 10
