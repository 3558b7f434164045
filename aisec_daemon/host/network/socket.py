"""One TCP socket, whoever told of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

# States of include/net/tcp_states.h.
ESTABLISHED, LISTEN = 1, 10


@dataclass(frozen=True)
class TcpSocket:
    """A socket; numbers are NaN where the source does not tell them, ages also if nothing went."""

    inode: int
    state: int
    local: IPv4Address | IPv6Address
    local_port: int
    peer: IPv4Address | IPv6Address
    peer_port: int
    sent_bytes: float = math.nan
    received_bytes: float = math.nan
    sent_age_seconds: float = math.nan
    received_age_seconds: float = math.nan
    grain: str = "proc"


def address(raw: bytes) -> IPv4Address | IPv6Address:
    """Return an address of 4 or 16 bytes; one of IPv4 in IPv6's clothes is IPv4."""
    found = ip_address(raw)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def scope(peer: IPv4Address | IPv6Address) -> str:
    """Return where a peer is: none, loopback, private or public.

    Private is what the Internet does not carry: RFC 1918, unique local, link local, shared.
    """
    if peer.is_unspecified:
        return "none"
    if peer.is_loopback:
        return "loopback"
    return "public" if peer.is_global else "private"


def state_name(state: int) -> str:
    """Return established, listen or other."""
    return {ESTABLISHED: "established", LISTEN: "listen"}.get(state, "other")
