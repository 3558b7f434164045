"""Peers of connections, grouped: services have few addresses, clusters have many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from ipaddress import ip_network
from typing import NamedTuple

from aisec_daemon.host.flow.outside import name_of_address
from aisec_daemon.host.network.socket import ESTABLISHED, LISTEN, TcpSocket, scope

EPHEMERAL = 32768  # from here on Linux gives ports to clients, see ip_local_port_range
_PRIVATE_MAX = 16  # peers in private networks that are told one by one


class Peer(NamedTuple):
    """Where connections go: an address or network with its port, or what is known of it."""

    target: str
    name: str
    scope: str
    evidence: str


def outgoing(sockets: Collection[TcpSocket]) -> list[TcpSocket]:
    """Return the established connections that were made from here to somebody elsewhere.

    One that came in has the port of a listening socket, or one below those given to clients while
    its peer's is above. Processes of one host may talk to each other by its own address.
    """
    listening = {each.local_port for each in sockets if each.state == LISTEN}
    return [
        each
        for each in sockets
        if each.state == ESTABLISHED
        and each.local_port not in listening
        and not (each.peer_port >= EPHEMERAL > each.local_port)
        and scope(each.peer) in ("private", "public")
        and each.peer != each.local
    ]


def grouped(sockets: Iterable[TcpSocket], resolved: Callable[[str], str]) -> Counter[Peer]:
    """Count the connections of each peer; `resolved` tells a name for an address, or nothing.

    Where private peers are many they are told by their networks (/24, /64).
    """
    sockets = list(sockets)
    private = {(each.peer, each.peer_port) for each in sockets if scope(each.peer) == "private"}
    many = len(private) > _PRIVATE_MAX
    return Counter(_peer(each, resolved, many=many) for each in sockets)


def _peer(each: TcpSocket, resolved: Callable[[str], str], *, many: bool) -> Peer:
    where, address = scope(each.peer), str(each.peer)
    port = str(each.peer_port)
    owner = name_of_address(each.peer)
    if owner:
        return Peer(f"{owner}:{port}", owner, where, "address range")
    host = resolved(address)
    if host:
        return Peer(f"{host}:{port}", host, where, "resolved")
    if where == "private" and many:
        bits = 24 if each.peer.version == 4 else 64  # noqa: PLR2004 - of IPv4
        address = str(ip_network(f"{address}/{bits}", strict=False))
        port = "*" if each.peer_port >= EPHEMERAL else port
    shown = f"[{address}]" if each.peer.version == 6 else address  # noqa: PLR2004 - of IPv6
    return Peer(f"{shown}:{port}", "", where, "connection")
