"""Known outside services: by name, by address, by what configures them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Outside:
    """One service; see the head of the data file."""

    name: str
    hosts: tuple[str, ...]
    ranges: tuple[IPv4Network | IPv6Network, ...]
    variables: frozenset[bytes]
    addresses: frozenset[bytes]


@cache
def outside() -> tuple[Outside, ...]:
    """Return the package's list."""
    file = resources.files(__package__).joinpath("outside.toml")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(map(_outside, content.values()))


@cache
def address_variables() -> dict[bytes, str]:
    """Return the variables that hold a service's address, and the service's name."""
    return {variable: each.name for each in outside() for variable in each.addresses}


def name_of_host(host: str) -> str:
    """Return the service that a host name belongs to; empty if none is known."""
    host = host.lower().rstrip(".")
    for each in outside():
        if any(host == known or (known[0] == "." and host.endswith(known)) for known in each.hosts):
            return each.name
    return ""


def name_of_address(address: IPv4Address | IPv6Address) -> str:
    """Return the service to which alone an address belongs; empty if none is known."""
    for each in outside():
        if any(address in network for network in each.ranges):
            return each.name
    return ""


def hosts() -> tuple[str, ...]:
    """Return the full host names of all services."""
    return tuple(host for each in outside() for host in each.hosts if not host.startswith("."))


def _outside(entry: dict[str, Any]) -> Outside:
    return Outside(
        entry["name"],
        tuple(entry["hosts"]),
        tuple(map(ip_network, entry.get("ranges", ()))),
        frozenset(name.encode() for name in entry.get("variables", ())),
        frozenset(name.encode() for name in entry.get("addresses", ())),
    )
