"""The addresses that a network namespace has, and how far a socket bound to one can be reached.

/proc/PID/net/fib_trie lists the kernel's own IPv4 routes (net/ipv4/fib_trie.c), among them a local
one for each address; /proc/PID/net/if_inet6 lists the IPv6 addresses (net/ipv6/addrconf.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from aisec_daemon.host.network.socket import scope
from aisec_daemon.host.slurp import slurp

Address = IPv4Address | IPv6Address

SCOPES = ("loopback", "container_only", "private", "public")

_TABLE_BYTES = 8 << 20  # of a router's fib_trie no more is read: then nothing is known
_LOCAL = re.compile(rb"\|-- (\d{1,3}(?:\.\d{1,3}){3})\n(?:(?!\s+[|+]).*\n)*?\s+/32 host LOCAL")
_FIELDS = 6  # of a line of if_inet6


@dataclass(frozen=True)
class Addresses:
    """Addresses of a namespace; `links` are numbers of the interfaces of those of one link."""

    all: frozenset[Address]
    links: dict[Address, int]


def read_addresses(folder: str) -> Addresses:
    """Read those of the namespace of a process, whose folder in /proc this is; OSError, ValueError.

    A namespace without IPv6 has no if_inet6.
    """
    raw = slurp(f"{folder}/net/fib_trie", _TABLE_BYTES)
    if len(raw) > _TABLE_BYTES - 65536:
        raise ValueError("/proc/PID/net/fib_trie is too long")
    found: set[Address] = set(parse_fib_trie(raw))
    try:
        six = parse_if_inet6(slurp(f"{folder}/net/if_inet6", _TABLE_BYTES))
    except FileNotFoundError:
        six = {}
    links: dict[Address, int] = {
        address: number for address, number in six.items() if address.is_link_local
    }
    return Addresses(frozenset(found | six.keys()), links)


def parse_fib_trie(text: bytes) -> set[IPv4Address]:
    """Return the addresses that are the namespace's own; ValueError if it is no table of routes.

    A namespace without any address has an empty one.
    """
    if text.strip() and not text.startswith((b"Main:", b"Local:", b"Id ")):
        raise ValueError("/proc/PID/net/fib_trie does not begin with a table")
    return {IPv4Address(found[1].decode()) for found in _LOCAL.finditer(text)}


def parse_if_inet6(text: bytes) -> dict[IPv6Address, int]:
    """Return the addresses and the numbers of their interfaces; ValueError if it is no list."""
    lines = [line.split() for line in text.split(b"\n") if line.strip()]
    if any(len(line) != _FIELDS or len(line[0]) != 32 for line in lines):  # noqa: PLR2004 - digits
        raise ValueError("/proc/PID/net/if_inet6 has a line of another form")
    return {IPv6Address(bytes.fromhex(line[0].decode())): int(line[1], 16) for line in lines}


def effective_scope(bound: Address, addresses: Iterable[Address], *, own: bool) -> str:
    """Return who can reach a socket: loopback, container_only, private or public.

    A wildcard counts as the widest address that its namespace has, `::` as IPv4, too, since the
    kernel does not tell everywhere whether it is. In another namespace than the daemon's, loopback
    is container_only: nobody outside of that namespace gets there.
    """
    if not bound.is_unspecified:
        words = {scope(bound)}
    elif isinstance(bound, IPv4Address):
        words = {scope(each) for each in addresses if isinstance(each, IPv4Address)}
    else:
        words = {scope(each) for each in addresses}
    widest = max((word for word in words if word in SCOPES), key=SCOPES.index, default="loopback")
    return "container_only" if widest == "loopback" and not own else widest
